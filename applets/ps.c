/* SPDX-License-Identifier: Apache-2.0 */
/* rootless ps */
#include <errno.h>
#include <string.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/pick.h"
#include "core/engine/row.h"

struct ps {
	bool all, latest, no_trunc, quiet, size;
	char *format;
	struct strv filter;
	int64_t last;
};

static const struct opt opts[] = {
	OPT_BOOL(struct ps, all, 'a', "all",
		 "Show all containers (default shows just running)"),
	OPT_LIST(struct ps, filter, 'f', "filter", "filter",
		 "Filter output based on conditions provided"),
	OPT_STRING(struct ps, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_INT(struct ps, last, 'n', "last",
		"Show n last created containers (includes all states)", "-1"),
	OPT_BOOL(struct ps, latest, 'l', "latest",
		 "Show the latest created container (includes all states)"),
	OPT_BOOL(struct ps, no_trunc, 0, "no-trunc", "Don't truncate output"),
	OPT_BOOL(struct ps, quiet, 'q', "quiet", "Only display container IDs"),
	OPT_BOOL(struct ps, size, 's', "size", "Display total file sizes"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "ID", "CONTAINER ID" },
	{ "Image", "IMAGE" },
	{ "Command", "COMMAND" },
	{ "CreatedAt", "CREATED AT" },
	{ "RunningFor", "CREATED" },
	{ "Status", "STATUS" },
	{ "State", "STATE" },
	{ "Ports", "PORTS" },
	{ "Names", "NAMES" },
	{ "Size", "SIZE" },
	{ "Labels", "LABELS" },
	{ "Mounts", "MOUNTS" },
	{ "LocalVolumes", "LOCAL VOLUMES" },
	{ "Networks", "NETWORKS" },
	{ "Platform", "PLATFORM" },
	{ NULL, NULL },
};

#define DEFAULT_FORMAT \
	"table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t" \
	"{{.Ports}}\t{{.Names}}"

static bool is_shown(const struct container *c, const struct ps *o, const struct pick *p)
{
	bool all =
		o->all || o->last >= 0 || pick_has(p, "status") || pick_has(p, "exited");

	return (all || c->state.status == STATE_RUNNING ||
		c->state.status == STATE_PAUSED || c->state.status == STATE_RESTARTING) &&
	       pick_container(p, c);
}

/* A row that is to be shown. */
struct line {
	int64_t created;
	char *id;
	yyjson_doc *row;
};

static void line_done(struct line *l)
{
	free(l->id);
	yyjson_doc_free(l->row);
}

/* What a look at one container after the other comes to: the newest ones, by age. */
struct look {
	struct host *host;
	const struct ps *o;
	const struct pick *pick;
	struct line *v;
	size_t len, most;
};

static void look_done(struct look *l)
{
	for (size_t i = 0; i < l->len; i++)
		line_done(&l->v[i]);
	free(l->v);
}

static bool is_newer(const struct container *c, const struct line *l)
{
	return c->created != l->created ? c->created > l->created
					: strcmp(c->id, l->id) < 0;
}

static yyjson_doc *make_row(const struct look *l, const struct container *c)
{
	const struct ps *o = l->o;
	bool size = o->size || (o->format && strstr(o->format, ".Size"));
	autojson_mut *doc = yyjson_mut_doc_new(NULL);

	yyjson_mut_doc_set_root(
		doc, row_container(&l->host->store, c, o->no_trunc, size, doc));
	return yyjson_mut_doc_imut_copy(doc, NULL);
}

static int take(struct container *c, void *arg, struct err *e)
{
	struct look *l = arg;
	size_t low = 0, high = l->len;

	if (!is_shown(c, l->o, l->pick))
		return 0;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (is_newer(c, &l->v[mid]))
			high = mid;
		else
			low = mid + 1;
	}
	if (low == l->most)
		return 0;
	if (l->len == l->most)
		line_done(&l->v[--l->len]);
	if (!(l->len & (l->len - 1))) /* at 0, 1, 2, 4, … */
		l->v = mem_resize(l->v, l->len ? 2 * l->len : 1, sizeof(*l->v));
	memmove(&l->v[low + 1], &l->v[low], (l->len - low) * sizeof(*l->v));
	l->v[low] = (struct line){ c->created, str_dup(c->id), make_row(l, c) };
	l->len++;
	return 0;
}

static int show(struct host *h, const struct ps *o, const struct pick *p, struct table *t,
		struct err *e)
{
	autodone(look_done) struct look l = {
		.host = h,
		.o = o,
		.pick = p,
		.most = o->last >= 0 ? (size_t)o->last : SIZE_MAX,
	};
	int r = container_each(&h->store, take, &l, e);

	for (size_t i = 0; r >= 0 && i < l.len; i++)
		r = table_row(t, yyjson_doc_get_root(l.v[i].row), e);
	return r < 0 ? r : table_print(t, e);
}

static int ps_main(void *opts_, char **args)
{
	struct ps *o = opts_;
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int r;

	if (o->latest)
		o->last = 1;
	if (host_open(&h, &e) < 0 || pick_containers(&p, &h.store, &o->filter, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format,
		      o->size ? DEFAULT_FORMAT "\t{{.Size}}" : DEFAULT_FORMAT,
		      o->quiet ? "ID" : NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	r = show(&h, o, &p, t, &e);
	table_free(t);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet ps_applet = {
	.name = "ps",
	.args = "[OPTIONS]",
	.summary = "List containers",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct ps),
	.max_args = 0,
	.main = ps_main,
};
