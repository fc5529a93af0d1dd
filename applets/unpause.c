/* SPDX-License-Identifier: Apache-2.0 */
/* rootless unpause */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/freeze.h"

struct unpause {
	bool all;
};

static const struct opt opts[] = {
	OPT_BOOL(struct unpause, all, 'a', "all", "Unpause all paused containers"),
	OPT_END,
};

static int unpause_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	return freeze_unpause(&h->store, c, e);
}

static int unpause_main(void *opts_, char **args)
{
	const struct unpause *o = opts_;

	return o->all ? host_each_of(1u << STATE_PAUSED, unpause_one, NULL)
		      : host_each(args, unpause_one, NULL);
}

const struct applet unpause_applet = {
	.name = "unpause",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Unpause all processes within one or more containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct unpause),
	.min_args = 1,
	.max_args = -1,
	.alone = "all",
	.main = unpause_main,
};
