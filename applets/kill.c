/* SPDX-License-Identifier: Apache-2.0 */
/* rootless kill */
#include <signal.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/container_end.h"
#include "core/engine/signame.h"

struct kill {
	char *signal;
	bool all;
};

static const struct opt opts[] = {
	OPT_BOOL(struct kill, all, 'a', "all", "Signal all running containers"),
	OPT_STRING(struct kill, signal, 's', "signal", "string",
		   "Signal to send to the container"),
	OPT_END,
};

static int kill_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	const struct kill *o = arg;
	int signo = o->signal ? signame_parse(o->signal, e) : SIGKILL;

	if (signo < 0)
		return signo;
	autofree char *attribute = str_fmt("signal=%d", signo);
	/* Before its end is told; one that does not run is an error. */
	if (c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED)
		container_end_tell_more(&h->store, c->id, "kill", attribute);
	return container_kill(c, signo, e);
}

static int kill_main(void *opts_, char **args)
{
	const struct kill *o = opts_;

	return o->all ? host_each_of(1u << STATE_RUNNING | 1u << STATE_PAUSED, kill_one,
				     opts_)
		      : host_each(args, kill_one, opts_);
}

const struct applet kill_applet = {
	.name = "kill",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Kill one or more running containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct kill),
	.min_args = 1,
	.max_args = -1,
	.alone = "all",
	.main = kill_main,
};
