/* SPDX-License-Identifier: Apache-2.0 */
/* rootless search */
#include <errno.h>
#include <string.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/pick.h"
#include "core/image/catalog.h"
#include "core/image/login.h"

#define LIMIT_MAX       100
#define DESCRIPTION_MAX 45

struct search {
	struct strv filter;
	char *format;
	int64_t limit;
	bool no_trunc;
};

static const struct opt opts[] = {
	OPT_LIST(struct search, filter, 'f', "filter", "filter",
		 "Filter output based on conditions provided"),
	OPT_STRING(struct search, format, 0, "format", "string",
		   "Pretty-print search using a Go template"),
	OPT_INT(struct search, limit, 0, "limit", "Max number of search results", "25"),
	OPT_BOOL(struct search, no_trunc, 0, "no-trunc", "Don't truncate output"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "Name", "NAME" },
	{ "Description", "DESCRIPTION" },
	{ "StarCount", "STARS" },
	{ "IsOfficial", "OFFICIAL" },
	{ "IsAutomated", "AUTOMATED" },
	{ NULL, NULL },
};

#define DEFAULT_FORMAT \
	"table {{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}"

/* What is asked for beyond the term. */
struct wanted {
	int official; /* 1, 0, or -ENOENT: any */
	int64_t stars;
};

static int parse_filters(const struct search *o, struct pick *p, struct wanted *w,
			 struct err *e)
{
	static const char *const keys[] = { "is-official", "stars", NULL };
	int r = pick_parse(p, &o->filter, keys, e);

	if (r < 0)
		return r;
	w->official = pick_truth(p, "is-official", e);
	if (w->official < 0 && w->official != -ENOENT)
		return w->official;
	err_clear(e);
	for (size_t i = 0; i < p->conditions.len; i++) {
		const char *v = pick_value(p->conditions.v[i], "stars");

		if (v && str_i64(v, 0, INT64_MAX, &w->stars) < 0)
			return err_set(e, -EINVAL, "invalid filter 'stars=%s'", v);
	}
	if (o->limit < 1 || o->limit > LIMIT_MAX)
		return err_set(e, -EINVAL, "limit %lld is outside the range of [1, %d]",
			       (long long)o->limit, LIMIT_MAX);
	return 0;
}

/* One line, as long as docker shows it. */
static char *describe(const char *text, bool no_trunc)
{
	char *d = str_dup(text ? text : "");
	size_t n = strlen(d);

	for (char *c = d; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	if (no_trunc || n <= DESCRIPTION_MAX)
		return d;
	n = DESCRIPTION_MAX - 1;
	while (n && (d[n] & 0xc0) == 0x80)
		n--;
	d[n] = '\0';
	char *cut = str_fmt("%s…", d);
	free(d);
	return cut;
}

static int add_row(struct table *t, const char *host, const struct catalog_item *it,
		   bool no_trunc, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autofree char *description = describe(it->description, no_trunc);
	autofree char *name = host ? str_fmt("%s/%s", host, it->name) : str_dup(it->name);
	autofree char *stars = str_fmt("%lld", (long long)it->stars);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	autojson *row = NULL;

	yyjson_mut_doc_set_root(doc, obj);
	json_add_str(doc, obj, "Description", description);
	json_add_str(doc, obj, "IsAutomated", "");
	json_add_str(doc, obj, "IsOfficial", it->official ? "[OK]" : "");
	json_add_str(doc, obj, "Name", name);
	json_add_str(doc, obj, "StarCount", stars);
	row = yyjson_mut_doc_imut_copy(doc, NULL);
	return table_row(t, yyjson_doc_get_root(row), e);
}

/* "localhost:5000/term": where to look, and for what. */
static char *split(const char *text, const char **ret_term)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0;
	autofree char *host = str_ndup(text, n);

	*ret_term = text;
	if (!slash || (!strpbrk(host, ".:") && !str_eq(host, "localhost")))
		return str_dup(REFERENCE_DEFAULT_REGISTRY);
	*ret_term = slash + 1;
	return login_registry(host);
}

static int search_main(void *opts_, char **args)
{
	const struct search *o = opts_;
	autodone(catalog_done) struct catalog found = { 0 };
	autodone(pick_done) struct pick p = { 0 };
	struct wanted w = { 0 };
	struct catalog_query q = { .limit = (unsigned)o->limit };
	autofree char *registry = split(args[0], &q.term);
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int r;

	q.registry = registry;
	if (parse_filters(o, &p, &w, &e) < 0 || host_open(&h, &e) < 0 ||
	    catalog_search(&h.config.registry, &q, &found, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format, DEFAULT_FORMAT, NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	r = 0;
	for (size_t i = 0; r >= 0 && i < found.len; i++) {
		const struct catalog_item *it = &found.v[i];

		if (it->stars >= w.stars &&
		    (w.official < 0 || it->official == (w.official == 1)))
			r = add_row(t,
				    str_eq(registry, REFERENCE_DEFAULT_REGISTRY)
					    ? NULL
					    : registry,
				    it, o->no_trunc, &e);
	}
	if (r >= 0)
		r = table_print(t, &e);
	table_free(t);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet search_applet = {
	.name = "search",
	.args = "[OPTIONS] TERM",
	.summary = "Search a registry for images",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct search),
	.min_args = 1,
	.max_args = 1,
	.main = search_main,
};
