/* SPDX-License-Identifier: Apache-2.0 */
/* rootless stats */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/sample.h"

#define CLEAR "\033[2J\033[H"

struct stats {
	bool all, no_stream, no_trunc;
	char *format;
};

static const struct opt opts[] = {
	OPT_BOOL(struct stats, all, 'a', "all",
		 "Show all containers (default shows just running)"),
	OPT_STRING(struct stats, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL(struct stats, no_stream, 0, "no-stream",
		 "Disable streaming stats and only pull the first result"),
	OPT_BOOL(struct stats, no_trunc, 0, "no-trunc", "Do not truncate output"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "BlockIO", "BLOCK I/O" }, { "Container", "CONTAINER" },
	{ "CPUPerc", "CPU %" },     { "ID", "CONTAINER ID" },
	{ "MemPerc", "MEM %" },     { "MemUsage", "MEM USAGE / LIMIT" },
	{ "Name", "NAME" },         { "NetIO", "NET I/O" },
	{ "PIDs", "PIDS" },         { NULL, NULL },
};

#define DEFAULT_FORMAT \
	"table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t" \
	"{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"

/* What is shown, with what was seen of each last. */
struct view {
	struct container *v;
	struct sample *before, *now;
	char **names; /* as given, or NULL */
	size_t len;
};

static void view_done(struct view *w)
{
	for (size_t i = 0; i < w->len; i++)
		container_done(&w->v[i]);
	free(w->v);
	free(w->before);
	free(w->now);
	*w = (struct view){ 0 };
}

static bool is_running(const struct container *c)
{
	return c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED;
}

static int open_named(struct host *h, char **args, struct view *w, struct err *e)
{
	size_t n = 0;
	int r = 0;

	while (args[n])
		n++;
	w->v = mem_array(n, sizeof(*w->v));
	while (r >= 0 && *args) {
		r = container_open(&h->store, *args++, &w->v[w->len], e);
		w->len += r >= 0;
	}
	return r;
}

static int open_view(struct host *h, const struct stats *o, char **args, struct view *w,
		     struct err *e)
{
	size_t kept = 0;
	int r = *args ? open_named(h, args, w, e)
		      : container_list(&h->store, &w->v, &w->len, e);

	for (size_t i = 0; r >= 0 && !*args && i < w->len; i++) {
		if (o->all || is_running(&w->v[i]))
			w->v[kept++] = w->v[i];
		else
			container_done(&w->v[i]);
	}
	if (r >= 0 && !*args)
		w->len = kept;
	w->names = *args ? args : NULL;
	w->before = mem_array(w->len, sizeof(*w->before));
	w->now = mem_array(w->len, sizeof(*w->now));
	return r;
}

static int look(struct view *w, struct err *e)
{
	autodone(census_done) struct census all = { 0 };
	int r = census_take_all(&all, e);

	for (size_t i = 0; r >= 0 && i < w->len; i++) {
		w->before[i] = w->now[i];
		sample_read(&all, &w->v[i], &w->now[i]);
	}
	return r;
}

static yyjson_mut_val *make_row(const struct stats *o, const struct view *w, size_t i,
				yyjson_mut_doc *doc)
{
	yyjson_mut_val *row =
		sample_row(&w->v[i], &w->before[i], &w->now[i], o->no_trunc, doc);

	/* As docker: as it was named. */
	if (w->names) {
		yyjson_mut_obj_remove_key(row, "Container");
		json_add_str(doc, row, "Container", w->names[i]);
	}
	return row;
}

static int show(const struct stats *o, const struct view *w, struct err *e)
{
	struct table *t = table_new(columns, o->format, DEFAULT_FORMAT, NULL, e);
	int r = t ? 0 : -EINVAL;

	for (size_t i = 0; r >= 0 && i < w->len; i++) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		autojson *row = yyjson_mut_val_imut_copy(make_row(o, w, i, doc), NULL);
		r = table_row(t, yyjson_doc_get_root(row), e);
	}
	if (r >= 0 && !o->no_stream && isatty(STDOUT_FILENO))
		fputs(CLEAR, stdout);
	if (r >= 0)
		r = table_print(t, e);
	table_free(t);
	return r;
}

static int watch(struct host *h, const struct stats *o, char **args, struct err *e)
{
	autodone(view_done) struct view w = { 0 };
	const struct timespec second = { .tv_sec = 1 };
	int r = open_view(h, o, args, &w, e);

	if (r >= 0)
		r = look(&w, e);
	while (r >= 0) {
		nanosleep(&second, NULL);
		if ((r = look(&w, e)) < 0 || (r = show(o, &w, e)) < 0 || o->no_stream)
			break;
	}
	return r;
}

static int stats_main(void *opts_, char **args)
{
	autohost h = { 0 };
	struct err e = { 0 };

	if (host_open(&h, &e) < 0 || watch(&h, opts_, args, &e) < 0)
		return host_fail(&e, 1);
	return 0;
}

const struct applet stats_applet = {
	.name = "stats",
	.args = "[OPTIONS] [CONTAINER...]",
	.summary = "Display a live stream of container(s) resource usage statistics",
	.details = "By the container's control group when it has one (it has when it was "
		   "started with limits); else added up over its processes, memory being "
		   "their proportional share.",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct stats),
	.max_args = -1,
	.main = stats_main,
};
