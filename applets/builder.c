/* SPDX-License-Identifier: Apache-2.0 */
/* rootless builder: builds, and what they keep. */
#include "applets/confirm.h"
#include "applets/host.h"
#include "applets/reclaim.h"
#include "core/cli/applet.h"
#include "core/engine/buildprune.h"

extern const struct applet build_applet;

struct builder_prune {
	bool all, force;
};

static const struct opt prune_opts[] = {
	OPT_BOOL(struct builder_prune, all, 'a', "all",
		 "Remove the content of cache mounts too"),
	OPT_BOOL(struct builder_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_END,
};

static int prune_main(void *opts, char **args)
{
	const struct builder_prune *o = opts;
	autohost h = { 0 };
	struct err e = { 0 };
	uint64_t bytes = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force &&
	    !confirm_ask(
		    o->all ? "WARNING! This will remove all build cache and the content "
			     "of cache mounts."
			   : "WARNING! This will remove all build cache."))
		return 0;
	if (buildprune_run(&h.store, o->all, &bytes, &e) < 0)
		return host_fail(&e, 1);
	reclaim_total(bytes);
	return 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove build cache",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct builder_prune),
	.max_args = 0,
	.main = prune_main,
};

static const struct applet_verb verbs[] = {
	{ "build", &build_applet },
	{ "prune", &prune },
	{ NULL, NULL },
};

const struct applet builder_applet = {
	.name = "builder",
	.args = "COMMAND",
	.summary = "Manage builds",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
