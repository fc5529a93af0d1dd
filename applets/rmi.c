/* SPDX-License-Identifier: Apache-2.0 */
/* rootless rmi */
#include <errno.h>

#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/untag.h"

struct rmi {
	bool force, no_prune;
};

static const struct opt opts[] = {
	OPT_BOOL(struct rmi, force, 'f', "force", "Force removal of the image"),
	OPT_BOOL(struct rmi, no_prune, 0, "no-prune", "Do not delete untagged parents"),
	OPT_END,
};

static int rmi_one(struct host *h, const char *name, void *arg, struct err *e)
{
	const struct rmi *o = arg;
	struct untag_action *done = NULL;
	size_t len = 0;
	int r = untag_image(&h->store, name, o->force, o->no_prune, &done, &len, e);

	for (size_t n = 0; n < len; n++)
		printf("%s: %s\n", done[n].deleted ? "Deleted" : "Untagged",
		       done[n].what);
	untag_done(done, len);
	/* With --force one that is not there is said, but no failure. */
	return r == -ENOENT && o->force ? host_fail(e, 0) : r;
}

static int rmi_main(void *o, char **args)
{
	return host_each_name(args, rmi_one, o);
}

const struct applet rmi_applet = {
	.name = "rmi",
	.args = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Remove one or more images",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct rmi),
	.min_args = 1,
	.max_args = -1,
	.main = rmi_main,
};
