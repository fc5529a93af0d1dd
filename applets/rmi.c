/* SPDX-License-Identifier: Apache-2.0 */
/* rootless rmi */
#include <errno.h>

#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/engine/image.h"
#include "core/engine/untag.h"

struct rmi {
	bool all, force, no_prune;
};

static const struct opt opts[] = {
	OPT_BOOL(struct rmi, all, 'a', "all", "Remove all images"),
	OPT_BOOL(struct rmi, force, 'f', "force", "Force removal of the image"),
	OPT_BOOL(struct rmi, no_prune, 0, "no-prune", "Do not delete untagged parents"),
	OPT_REFUSED("platform", "of an image one platform is kept; leave it out"),
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

/* By every name that it has, or by its ID. */
static int rmi_all(void *o)
{
	struct image *v = NULL;
	autostrv names = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	if (host_open(&h, &e) < 0 || image_list(&h.store, &v, &n, &e) < 0)
		return host_fail(&e, 1);
	for (size_t i = 0; i < n; i++) {
		char id[DIGEST_TEXT_MAX];

		strv_addv(&names, strv_view(&v[i].repo_tags));
		if (!v[i].repo_tags.len)
			strv_add(&names, digest_text(id, &v[i].id));
		image_done(&v[i]);
	}
	free(v);
	return names.len ? host_each_name(names.v, rmi_one, o) : 0;
}

static int rmi_main(void *opts_, char **args)
{
	const struct rmi *o = opts_;

	return o->all ? rmi_all(opts_) : host_each_name(args, rmi_one, opts_);
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
	.alone = "all",
	.main = rmi_main,
};
