/* SPDX-License-Identifier: Apache-2.0 */
/* rootless pause */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/freeze.h"

static int pause_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	return freeze_pause(&h->store, c, e);
}

static int pause_main(void *o, char **args)
{
	return host_each(args, pause_one, o);
}

const struct applet pause_applet = {
	.name = "pause",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Pause all processes within one or more containers",
	.group = GROUP_COMMAND,
	.min_args = 1,
	.max_args = -1,
	.main = pause_main,
};
