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

static int rmi_main(void *opts_, char **args)
{
	const struct rmi *o = opts_;
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		struct untag_action *done = NULL;
		size_t len = 0;
		int r = untag_image(&h.store, *args, o->force, o->no_prune, &done, &len,
				    &e);

		for (size_t n = 0; n < len; n++)
			printf("%s: %s\n", done[n].deleted ? "Deleted" : "Untagged",
			       done[n].what);
		fflush(stdout);
		untag_done(done, len);
		if (r < 0)
			log_error("%s", e.text);
		if (r < 0 && !(r == -ENOENT && o->force))
			code = 1;
		err_clear(&e);
	}
	return code;
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
