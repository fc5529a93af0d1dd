/* SPDX-License-Identifier: Apache-2.0 */
/* rootless restart */
#include "applets/stopping.h"
#include "core/cli/applet.h"

static const struct opt opts[] = { STOPPING_OPTS("Restart all containers") };

static int restart_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	struct container_stopping how;
	int r = stopping_parse(arg, &how, e);

	return r < 0 ? r : container_restart(&h->store, &h->config, c, &how, e);
}

static int restart_main(void *opts_, char **args)
{
	const struct stopping *o = opts_;

	return o->all ? host_each_of(HOST_ANY, restart_one, opts_)
		      : host_each(args, restart_one, opts_);
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
	.alone = "all",
	.main = restart_main,
};
