/* SPDX-License-Identifier: Apache-2.0 */
/* rootless restart */
#include "applets/stopping.h"
#include "core/cli/applet.h"

static const struct opt opts[] = { STOPPING_OPTS };

static int restart_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	struct container_stopping how;
	int r = stopping_parse(arg, &how, e);

	return r < 0 ? r : container_restart(&h->store, &h->config, c, &how, e);
}

static int restart_main(void *o, char **args)
{
	return host_each(args, restart_one, o);
}

const struct applet restart_applet = {
	.name = "restart",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Restart one or more containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct stopping),
	.min_args = 1,
	.max_args = -1,
	.main = restart_main,
};
