/* SPDX-License-Identifier: Apache-2.0 */
/* rootless rm */
#include <errno.h>

#include "applets/host.h"
#include "core/cli/applet.h"

struct rm {
	bool force, volumes;
};

static const struct opt opts[] = {
	OPT_BOOL(struct rm, force, 'f', "force",
		 "Force the removal of a running container (uses SIGKILL)"),
	OPT_BOOL(struct rm, volumes, 'v', "volumes",
		 "Remove anonymous volumes associated with the container"),
	OPT_END,
};

static int rm_one(struct host *h, const char *name, const struct rm *o, struct err *e)
{
	struct container c = { 0 };
	int r = container_open(&h->store, name, &c, e);

	if (r < 0)
		return r;
	r = container_remove(&h->store, &c, o->force, o->volumes, e);
	container_done(&c);
	return r;
}

static int rm_main(void *opts_, char **args)
{
	const struct rm *o = opts_;
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		int r = rm_one(&h, *args, o, &e);

		if (r >= 0)
			printf("%s\n", *args);
		else
			log_error("%s", e.text);
		/* With --force one that is gone already is said, but no failure. */
		if (r < 0 && !(r == -ENOENT && o->force))
			code = 1;
		fflush(stdout);
		err_clear(&e);
	}
	return code;
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
	.main = rm_main,
};
