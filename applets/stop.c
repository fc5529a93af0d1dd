/* SPDX-License-Identifier: Apache-2.0 */
/* rootless stop */
#include "applets/stopping.h"
#include "core/cli/applet.h"

static const struct opt opts[] = { STOPPING_OPTS("Stop all running containers") };

static int stop_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	struct container_stopping how;
	int r = stopping_parse(arg, &how, e);

	return r < 0 ? r : container_stop(&h->store, c, how.signal, how.timeout, e);
}

static int stop_main(void *opts_, char **args)
{
	const struct stopping *o = opts_;

	return o->all ? host_each_of(HOST_ALIVE, stop_one, opts_)
		      : host_each(args, stop_one, opts_);
}

const struct applet stop_applet = {
	.name = "stop",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop one or more running containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct stopping),
	.min_args = 1,
	.max_args = -1,
	.alone = "all",
	.main = stop_main,
};
