/* SPDX-License-Identifier: Apache-2.0 */
/* rootless container: the verbs on containers as a group. */
#include "applets/confirm.h"
#include "applets/exists.h"
#include "applets/host.h"
#include "applets/inspect.h"
#include "applets/reclaim.h"
#include "core/cli/applet.h"
#include "core/engine/prune.h"

extern const struct applet attach_applet, commit_applet, cp_applet, create_applet,
	diff_applet, exec_applet, export_applet, kill_applet, logs_applet, pause_applet,
	port_applet, ps_applet, rename_applet, restart_applet, rm_applet, run_applet,
	start_applet, stats_applet, stop_applet, top_applet, unpause_applet,
	update_applet, wait_applet;

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

struct container_prune {
	struct strv filter;
	bool force;
};

static const struct opt prune_opts[] = {
	OPT_LIST(struct container_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g. \"until=<timestamp>\")"),
	OPT_BOOL(struct container_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_END,
};

static int prune_main(void *opts, char **args)
{
	const struct container_prune *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autostrv gone = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	uint64_t bytes = 0;

	if (prune_pick(&p, &o->filter, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force &&
	    !confirm_ask("WARNING! This will remove all stopped containers."))
		return 0;
	if (prune_containers(&h.store, &p, &gone, &bytes, &e) < 0)
		return host_fail(&e, 1);
	reclaim_list("Deleted Containers:", &gone);
	reclaim_total(bytes);
	realm_sweep(&h.store, NULL);
	return 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove all stopped containers",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct container_prune),
	.max_args = 0,
	.main = prune_main,
};

static int find(struct host *h, const char *name, struct err *e)
{
	autodone(container_done) struct container c = { 0 };

	return container_open(&h->store, name, &c, e);
}

EXISTS_APPLET(find, "CONTAINER", "a container");

/* Another name of a verb stands behind it: help has the first one. */
static const struct applet_verb verbs[] = {
	{ "attach", &attach_applet },
	{ "commit", &commit_applet },
	{ "cp", &cp_applet },
	{ "create", &create_applet },
	{ "diff", &diff_applet },
	{ "exec", &exec_applet },
	{ "exists", &exists },
	{ "export", &export_applet },
	{ "inspect", &inspect },
	{ "kill", &kill_applet },
	{ "logs", &logs_applet },
	{ "ls", &ps_applet },
	{ "list", &ps_applet },
	{ "ps", &ps_applet },
	{ "pause", &pause_applet },
	{ "port", &port_applet },
	{ "prune", &prune },
	{ "rename", &rename_applet },
	{ "restart", &restart_applet },
	{ "rm", &rm_applet },
	{ "remove", &rm_applet },
	{ "run", &run_applet },
	{ "start", &start_applet },
	{ "stats", &stats_applet },
	{ "stop", &stop_applet },
	{ "top", &top_applet },
	{ "unpause", &unpause_applet },
	{ "update", &update_applet },
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
