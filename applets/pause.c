/* SPDX-License-Identifier: Apache-2.0 */
/* rootless pause */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/freeze.h"

struct pause {
	bool all;
};

static const struct opt opts[] = {
	OPT_BOOL(struct pause, all, 'a', "all", "Pause all running containers"),
	OPT_END,
};

static int pause_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	return freeze_pause(&h->store, c, e);
}

static int pause_main(void *opts_, char **args)
{
	const struct pause *o = opts_;

	return o->all ? host_each_of(1u << STATE_RUNNING, pause_one, NULL)
		      : host_each(args, pause_one, NULL);
}

const struct applet pause_applet = {
	.name = "pause",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Pause all processes within one or more containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct pause),
	.min_args = 1,
	.max_args = -1,
	.alone = "all",
	.main = pause_main,
};
