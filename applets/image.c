/* SPDX-License-Identifier: Apache-2.0 */
/* rootless image: the verbs on images as a group. */
#include "applets/inspect.h"
#include "core/cli/applet.h"

extern const struct applet images_applet, load_applet, pull_applet, rmi_applet,
	save_applet, tag_applet;

struct image_inspect {
	char *format;
};

static const struct opt inspect_opts[] = {
	OPT_STRING(struct image_inspect, format, 'f', "format", "string",
		   INSPECT_FORMAT_HELP),
	OPT_END,
};

static int inspect_main(void *opts_, char **args)
{
	const struct image_inspect *o = opts_;

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

static const struct applet_verb verbs[] = {
	{ "inspect", &inspect },   { "load", &load_applet },
	{ "ls", &images_applet },  { "list", &images_applet },
	{ "pull", &pull_applet },  { "rm", &rmi_applet },
	{ "remove", &rmi_applet }, { "save", &save_applet },
	{ "tag", &tag_applet },    { NULL, NULL },
};

const struct applet image_applet = {
	.name = "image",
	.args = "COMMAND",
	.summary = "Manage images",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
