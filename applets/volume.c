/* SPDX-License-Identifier: Apache-2.0 */
/* rootless volume */
#include "core/engine/volume.h"

#include <errno.h>
#include <string.h>

#include "applets/confirm.h"
#include "applets/exists.h"
#include "applets/host.h"
#include "applets/inspect.h"
#include "applets/reclaim.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/pick.h"
#include "core/engine/row.h"

/* --- create --------------------------------------------------------------------- */

struct volume_create {
	char *driver, *name;
	struct strv label, opt;
};

static const struct opt create_opts[] = {
	OPT_STRING_DEF(struct volume_create, driver, 'd', "driver", "string",
		       "Specify volume driver name", "local"),
	OPT_LIST(struct volume_create, label, 0, "label", "list",
		 "Set metadata for a volume"),
	{ OPT_TYPE_STRING, 0, "name", "string", "Specify volume name", NULL,
	  OPT_CHECKED_(struct volume_create, name, char *), 0, true },
	OPT_LIST(struct volume_create, opt, 'o', "opt", "map",
		 "Set driver specific options"),
	OPT_END,
};

static int check_create(const struct volume_create *o, char **args, struct err *e)
{
	if (!str_empty(o->name) && args[0])
		return err_set(e, -EINVAL,
			       "conflicting options: cannot specify a volume name "
			       "through both --name and as a positional arg");
	if (!str_eq(o->driver, "local"))
		return err_set(e, -ENOENT,
			       "create: volume driver '%s' is not there: volumes are "
			       "folders of this user's own store (driver local)",
			       o->driver);
	return 0;
}

static int create_main(void *opts, char **args)
{
	const struct volume_create *o = opts;
	const char *name = str_empty(o->name) ? args[0] : o->name;
	const struct volume_want w = { .name = str_empty(name) ? NULL : name,
				       .labels = &o->label,
				       .options = &o->opt };
	autofree char *made = NULL;
	autohost h = { 0 };
	struct err e = { 0 };

	if (check_create(o, args, &e) < 0 || host_open(&h, &e) < 0 ||
	    volume_create(&h.store, &w, &made, &e) < 0)
		return host_fail(&e, 1);
	printf("%s\n", made);
	return 0;
}

static const struct applet create = {
	.name = "create",
	.args = "[OPTIONS] [VOLUME]",
	.summary = "Create a volume",
	.group = GROUP_COMMAND,
	.opts = create_opts,
	.opts_size = sizeof(struct volume_create),
	.max_args = 1,
	.main = create_main,
};

/* --- ls ------------------------------------------------------------------------- */

struct volume_ls {
	struct strv filter;
	char *format;
	bool quiet;
};

static const struct opt ls_opts[] = {
	OPT_LIST(struct volume_ls, filter, 'f', "filter", "filter",
		 "Provide filter values (e.g. \"dangling=true\")"),
	OPT_STRING(struct volume_ls, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL(struct volume_ls, quiet, 'q', "quiet", "Only display volume names"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "Availability", "AVAILABILITY" },
	{ "Driver", "DRIVER" },
	{ "Group", "GROUP" },
	{ "Labels", "LABELS" },
	{ "Links", "LINKS" },
	{ "Mountpoint", "MOUNTPOINT" },
	{ "Name", "VOLUME NAME" },
	{ "Scope", "SCOPE" },
	{ "Size", "SIZE" },
	{ "Status", "STATUS" },
	{ NULL, NULL },
};

static int add_row(const struct volume *v, struct table *t, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autojson *row = NULL;

	yyjson_mut_doc_set_root(doc, row_volume(v, doc));
	row = yyjson_mut_doc_imut_copy(doc, NULL);
	return table_row(t, yyjson_doc_get_root(row), e);
}

static int show(struct host *h, const struct pick *p, struct table *t, struct err *e)
{
	struct volume *v = NULL;
	autostrv used = { 0 };
	size_t len = 0;
	int r = pick_has(p, "dangling") ? volume_used(&h->store, &used, e) : 0;

	if (r >= 0)
		r = volume_list(&h->store, &v, &len, e);
	for (size_t i = 0; r >= 0 && i < len; i++)
		if (volume_matches(p, &v[i], &used))
			r = add_row(&v[i], t, e);
	volume_list_done(v, len);
	return r < 0 ? r : table_print(t, e);
}

static int ls_main(void *opts, char **args)
{
	const struct volume_ls *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int r;

	if (volume_pick(&p, &o->filter, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format, "table {{.Driver}}\t{{.Name}}",
		      o->quiet ? "Name" : NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	r = show(&h, &p, t, &e);
	table_free(t);
	return r < 0 ? host_fail(&e, 1) : 0;
}

static const struct applet ls = {
	.name = "ls",
	.args = "[OPTIONS]",
	.summary = "List volumes",
	.group = GROUP_COMMAND,
	.opts = ls_opts,
	.opts_size = sizeof(struct volume_ls),
	.max_args = 0,
	.main = ls_main,
};

/* --- inspect -------------------------------------------------------------------- */

struct volume_inspect {
	char *format;
};

static const struct opt inspect_opts[] = {
	OPT_STRING(struct volume_inspect, format, 'f', "format", "string",
		   INSPECT_FORMAT_HELP),
	OPT_END,
};

static int inspect_main(void *opts, char **args)
{
	const struct volume_inspect *o = opts;

	return inspect_names(args, INSPECT_VOLUME, o->format, false);
}

static const struct applet inspect = {
	.name = "inspect",
	.args = "[OPTIONS] VOLUME [VOLUME...]",
	.summary = "Display detailed information on one or more volumes",
	.group = GROUP_COMMAND,
	.opts = inspect_opts,
	.opts_size = sizeof(struct volume_inspect),
	.min_args = 1,
	.max_args = -1,
	.main = inspect_main,
};

/* --- rm ------------------------------------------------------------------------- */

struct volume_rm {
	bool force;
};

static const struct opt rm_opts[] = {
	OPT_BOOL(struct volume_rm, force, 'f', "force",
		 "Force the removal of one or more volumes"),
	OPT_END,
};

static int rm_main(void *opts, char **args)
{
	const struct volume_rm *o = opts;
	autohost h = { 0 };
	struct err e = { 0 };
	int code = 0;

	if (host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	for (; *args; args++) {
		int r = volume_delete(&h.store, *args, &e);

		/* As docker: what is not there is no failure with --force. */
		if (r < 0 && !(r == -ENOENT && o->force))
			code = host_fail(&e, 1);
		else
			printf("%s\n", *args);
		fflush(stdout);
		err_clear(&e);
	}
	realm_sweep(&h.store, NULL);
	return code;
}

static const struct applet rm = {
	.name = "rm",
	.args = "[OPTIONS] VOLUME [VOLUME...]",
	.summary = "Remove one or more volumes",
	.group = GROUP_COMMAND,
	.opts = rm_opts,
	.opts_size = sizeof(struct volume_rm),
	.min_args = 1,
	.max_args = -1,
	.main = rm_main,
};

/* --- prune ---------------------------------------------------------------------- */

struct volume_prune {
	bool all, force;
	struct strv filter;
};

static const struct opt prune_opts[] = {
	OPT_BOOL(struct volume_prune, all, 'a', "all",
		 "Remove all unused volumes, not just anonymous ones"),
	OPT_LIST(struct volume_prune, filter, 0, "filter", "filter",
		 "Provide filter values (e.g. \"label=<label>\")"),
	OPT_BOOL(struct volume_prune, force, 'f', "force",
		 "Do not prompt for confirmation"),
	OPT_END,
};

static const char *const prune_keys[] = { "all", "label", "label!", NULL };

/* --all and --filter all=… say the same. */
static int parse_prune(const struct volume_prune *o, struct pick *p, bool *ret_all,
		       struct err *e)
{
	int r = pick_parse(p, &o->filter, prune_keys, e);
	int all = r < 0 ? r : pick_truth(p, "all", e);

	if (all == -EINVAL)
		return all;
	if (o->all && all >= 0)
		return err_set(e, -EINVAL,
			       "conflicting options: cannot specify both --all and "
			       "--filter all=1");
	*ret_all = o->all || all == 1;
	return 0;
}

static int prune_main(void *opts, char **args)
{
	const struct volume_prune *o = opts;
	autodone(pick_done) struct pick p = { 0 };
	autostrv gone = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	uint64_t bytes = 0;
	bool all = false;

	if (parse_prune(o, &p, &all, &e) < 0 || host_open(&h, &e) < 0)
		return host_fail(&e, 1);
	if (!o->force &&
	    !confirm_ask(all ? "WARNING! This will remove all local volumes not used by "
			       "at least one container."
			     : "WARNING! This will remove anonymous local volumes not "
			       "used by at least one container."))
		return 0;
	if (volume_prune(&h.store, &p, all, &gone, &bytes, &e) < 0)
		return host_fail(&e, 1);
	reclaim_list("Deleted Volumes:", &gone);
	reclaim_total(bytes);
	realm_sweep(&h.store, NULL);
	return 0;
}

static const struct applet prune = {
	.name = "prune",
	.args = "[OPTIONS]",
	.summary = "Remove unused local volumes",
	.group = GROUP_COMMAND,
	.opts = prune_opts,
	.opts_size = sizeof(struct volume_prune),
	.max_args = 0,
	.main = prune_main,
};

static int find(struct host *h, const char *name, struct err *e)
{
	autodone(volume_done) struct volume v = { 0 };

	return volume_open(&h->store, name, &v, e);
}

EXISTS_APPLET(find, "VOLUME", "a volume");

static const struct applet_verb verbs[] = {
	{ "create", &create }, { "exists", &exists }, { "inspect", &inspect },
	{ "ls", &ls },         { "list", &ls },       { "prune", &prune },
	{ "rm", &rm },         { "remove", &rm },     { NULL, NULL },
};

const struct applet volume_applet = {
	.name = "volume",
	.args = "COMMAND",
	.summary = "Manage volumes",
	.group = GROUP_MANAGEMENT,
	.verbs = verbs,
	.max_args = -1,
};
