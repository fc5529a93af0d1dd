/* SPDX-License-Identifier: Apache-2.0 */
/* rootless rm */
#include <errno.h>

#include "applets/host.h"
#include "core/cli/applet.h"

struct rm {
	bool all, force, volumes;
};

static const struct opt opts[] = {
	OPT_BOOL(struct rm, all, 'a', "all", "Remove all containers"),
	OPT_BOOL(struct rm, force, 'f', "force",
		 "Force the removal of a running container (uses SIGKILL)"),
	OPT_BOOL(struct rm, volumes, 'v', "volumes",
		 "Remove anonymous volumes associated with the container"),
	OPT_REFUSED("link", "a link is only a name that goes with its container"),
	OPT_END,
};

static int rm_one(struct host *h, struct container *c, void *arg, struct err *e)
{
	const struct rm *o = arg;

	return container_remove(&h->store, c, o->force, o->volumes, e);
}

static int rm_name(struct host *h, const char *name, void *arg, struct err *e)
{
	const struct rm *o = arg;
	struct host_container each = { rm_one, arg };
	int r = host_container_print(h, name, &each, e);

	/* With --force one that is gone already is said, but no failure. */
	return r == -ENOENT && o->force ? host_fail(e, 0) : r;
}

static int rm_main(void *opts_, char **args)
{
	const struct rm *o = opts_;

	return o->all ? host_each_of(HOST_ANY, rm_one, opts_)
		      : host_each_name(args, rm_name, opts_);
}

const struct applet rm_applet = {
	.name = "rm",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Remove one or more containers",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct rm),
	.min_args = 1,
	.max_args = -1,
	.alone = "all",
	.main = rm_main,
};
