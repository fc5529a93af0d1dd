/* SPDX-License-Identifier: Apache-2.0 */
/* rootless restart */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/signame.h"

struct restart {
	char *signal;
	int64_t timeout;
	bool has_timeout;
};

static const struct opt opts[] = {
	OPT_STRING(struct restart, signal, 's', "signal", "string",
		   "Signal to send to the container"),
	OPT_GIVEN(struct restart, has_timeout, OPT_TYPE_INT, 't', "timeout", "int",
		  "Seconds to wait before killing the container", NULL,
		  OPT_CHECKED_(struct restart, timeout, int64_t)),
	{ OPT_TYPE_INT, 0, "time", "int", "", NULL,
	  OPT_CHECKED_(struct restart, timeout, int64_t),
	  OPT_CHECKED_(struct restart, has_timeout, bool) + 1, true },
	OPT_END,
};

static int restart_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	const struct restart *o = arg;
	struct container_stopping how = { .timeout = -1 };

	how.signal = o->signal ? signame_parse(o->signal, e) : 0;
	if (how.signal < 0)
		return how.signal;
	if (o->has_timeout)
		how.timeout = o->timeout < 0 ? INT64_MAX : o->timeout;
	return container_restart(&h->store, &h->config, c, &how, e);
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
	.opts_size = sizeof(struct restart),
	.min_args = 1,
	.max_args = -1,
	.main = restart_main,
};
