/* SPDX-License-Identifier: Apache-2.0 */
/* rootless container: the verbs on containers as a group. */
#include "applets/inspect.h"
#include "core/cli/applet.h"

extern const struct applet attach_applet, create_applet, exec_applet, kill_applet,
	logs_applet, ps_applet, rename_applet, restart_applet, rm_applet, run_applet,
	start_applet, stop_applet, top_applet, wait_applet;

struct container_inspect {
	char *format;
	bool size;
};

static const struct opt inspect_opts[] = {
	OPT_STRING(struct container_inspect, format, 'f', "format", "string",
		   INSPECT_FORMAT_HELP),
	OPT_BOOL(struct container_inspect, size, 's', "size", "Display total file sizes"),
	OPT_END,
};

static int inspect_main(void *opts_, char **args)
{
	const struct container_inspect *o = opts_;

	return inspect_names(args, INSPECT_CONTAINER, o->format, o->size);
}

static const struct applet inspect = {
	.name = "inspect",
	.args = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Display detailed information on one or more containers",
	.group = GROUP_COMMAND,
	.opts = inspect_opts,
	.opts_size = sizeof(struct container_inspect),
	.min_args = 1,
	.max_args = -1,
	.main = inspect_main,
};

static const struct applet_verb verbs[] = {
	{ "attach", &attach_applet },
	{ "create", &create_applet },
	{ "exec", &exec_applet },
	{ "inspect", &inspect },
	{ "kill", &kill_applet },
	{ "list", &ps_applet },
	{ "logs", &logs_applet },
	{ "ls", &ps_applet },
	{ "ps", &ps_applet },
	{ "remove", &rm_applet },
	{ "rename", &rename_applet },
	{ "restart", &restart_applet },
	{ "rm", &rm_applet },
	{ "run", &run_applet },
	{ "start", &start_applet },
	{ "stop", &stop_applet },
	{ "top", &top_applet },
	{ "wait", &wait_applet },
	{ NULL, NULL },
};

const struct applet container_applet = {
	.name = "container",
	.args = "COMMAND",
	.summary = "Manage containers",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
