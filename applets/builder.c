/* SPDX-License-Identifier: Apache-2.0 */
/* rootless builder: builds, and what they keep. */
#include <errno.h>

#include "applets/confirm.h"
#include "applets/host.h"
#include "applets/reclaim.h"
#include "core/cli/applet.h"
#include "core/engine/buildprune.h"
#include "core/engine/pick.h"

extern const struct applet build_applet;

struct builder_prune {
	bool all, force;
	struct strv filter;
};

static const struct opt prune_opts[] = {
	OPT_BOOL(struct builder_prune, all, 'a', "all",
		 "Remove the content of cache mounts too"),
	OPT_LIST(struct builder_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g., \"until=24h\")"),
	OPT_BOOL(struct builder_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_REFUSED("keep-storage",
		    "how often a result is used is not kept; use --filter until="),
	OPT_REFUSED("reserved-space",
		    "how often a result is used is not kept; use --filter until="),
	OPT_REFUSED("max-used-space",
		    "how often a result is used is not kept; use --filter until="),
	OPT_REFUSED("min-free-space",
		    "how often a result is used is not kept; use --filter until="),
	OPT_END,
};

static int parse(const struct builder_prune *o, struct buildprune *ret, struct err *e)
{
	static const char *const keys[] = { "until", NULL };
	autodone(pick_done) struct pick p = { 0 };
	int r = pick_parse(&p, &o->filter, keys, e);

	ret->caches = o->all;
	if (r == 0)
		r = pick_until(&p, &ret->until, e);
	if (r == 0 && o->all && ret->until)
		return err_set(e, -EINVAL,
			       "conflicting options: --all removes cache mounts, which "
			       "have no age for --filter until=");
	return r;
}

static int prune_main(void *opts, char **args)
{
	const struct builder_prune *o = opts;
	struct buildprune how = { 0 };
	autostrv gone = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	uint64_t bytes = 0;

	if (parse(o, &how, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force &&
	    !confirm_ask(
		    o->all ? "WARNING! This will remove all build cache and the content "
			     "of cache mounts."
			   : "WARNING! This will remove all build cache."))
		return 0;
	if (buildprune_run(&h.store, &how, &gone, &bytes, &e) < 0)
		return host_fail(&e, 1);
	reclaim_list("Deleted build cache objects:", &gone);
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
