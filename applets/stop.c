/* SPDX-License-Identifier: Apache-2.0 */
/* rootless stop */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/signame.h"

struct stop {
	char *signal;
	int64_t timeout;
	bool has_timeout;
};

static const struct opt opts[] = {
	OPT_STRING(struct stop, signal, 's', "signal", "string",
		   "Signal to send to the container"),
	OPT_GIVEN(struct stop, has_timeout, OPT_TYPE_INT, 't', "timeout", "int",
		  "Seconds to wait before killing the container", NULL,
		  OPT_CHECKED_(struct stop, timeout, int64_t)),
	OPT_END,
};

static int stop_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	const struct stop *o = arg;
	int signal = o->signal ? signame_parse(o->signal, e) : 0;

	if (signal < 0)
		return signal;
	return container_stop(&h->store, c, signal,
			      !o->has_timeout  ? -1
			      : o->timeout < 0 ? INT64_MAX
					       : o->timeout,
			      e);
}

static int stop_main(void *o, char **args)
{
	return host_each(args, stop_one, o);
}

const struct applet stop_applet = {
	.name = "stop",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Stop one or more running containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct stop),
	.min_args = 1,
	.max_args = -1,
	.main = stop_main,
};
