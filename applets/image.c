/* SPDX-License-Identifier: Apache-2.0 */
/* rootless image: the verbs on images as a group. */
#include "applets/confirm.h"
#include "applets/exists.h"
#include "applets/host.h"
#include "applets/images.h"
#include "applets/inspect.h"
#include "applets/reclaim.h"
#include "core/cli/applet.h"
#include "core/engine/imageprune.h"

extern const struct applet build_applet, history_applet, images_applet, import_applet,
	load_applet, pull_applet, push_applet, rmi_applet, save_applet, tag_applet;

struct image_inspect {
	char *format, *platform;
};

static const struct opt inspect_opts[] = {
	OPT_STRING(struct image_inspect, format, 'f', "format", "string",
		   INSPECT_FORMAT_HELP),
	OPT_STRING(struct image_inspect, platform, 0, "platform", "string",
		   "Inspect a specific platform of the multi-platform image "
		   "(\"os[/arch[/variant]]\")"),
	OPT_END,
};

static int inspect_main(void *opts_, char **args)
{
	const struct image_inspect *o = opts_;
	struct err e = { 0 };

	if (o->platform && images_check(args, o->platform, &e) < 0)
		return host_fail(&e, 1);
	return inspect_names(args, INSPECT_IMAGE, o->format, false);
}

static const struct applet inspect = {
	.name = "inspect",
	.args = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Display detailed information on one or more images",
	.group = GROUP_COMMAND,
	.opts = inspect_opts,
	.opts_size = sizeof(struct image_inspect),
	.min_args = 1,
	.max_args = -1,
	.main = inspect_main,
};

struct image_prune {
	bool all, force;
	struct strv filter;
};

static const struct opt prune_opts[] = {
	OPT_BOOL(struct image_prune, all, 'a', "all",
		 "Remove all unused images, not just dangling ones"),
	OPT_LIST(struct image_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g. \"until=<timestamp>\")"),
	OPT_BOOL(struct image_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_END,
};

static int prune_main(void *opts_, char **args)
{
	const struct image_prune *o = opts_;
	struct imageprune_result done = { 0 };
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	autostrv gone = { 0 };
	bool all;
	int r;

	if (imageprune_parse(&p, &o->filter, &all, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	all |= o->all;
	if (!o->force &&
	    !confirm_ask(
		    all ? "WARNING! This will remove all images without at least one "
			  "container associated to them."
			: "WARNING! This will remove all dangling images."))
		return 0;
	r = imageprune_run(&h.store, &p, all, &done, &e);
	imageprune_lines(&done, &gone);
	reclaim_list("Deleted Images:", &gone);
	reclaim_total(done.bytes);
	untag_done(done.v, done.len);
	return r < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove unused images",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct image_prune),
	.max_args = 0,
	.main = prune_main,
};

static int find(struct host *h, const char *name, struct err *e)
{
	autodone(image_done) struct image i = { 0 };

	return image_open(&h->store, name, &i, e);
}

EXISTS_APPLET(find, "IMAGE", "an image");

static const struct applet_verb verbs[] = {
	{ "build", &build_applet },
	{ "exists", &exists },
	{ "history", &history_applet },
	{ "import", &import_applet },
	{ "inspect", &inspect },
	{ "load", &load_applet },
	{ "ls", &images_applet },
	{ "list", &images_applet },
	{ "prune", &prune },
	{ "pull", &pull_applet },
	{ "push", &push_applet },
	{ "rm", &rmi_applet },
	{ "remove", &rmi_applet },
	{ "save", &save_applet },
	{ "tag", &tag_applet },
	{ NULL, NULL },
};

const struct applet image_applet = {
	.name = "image",
	.args = "COMMAND",
	.summary = "Manage images",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
