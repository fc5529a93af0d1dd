/* SPDX-License-Identifier: Apache-2.0 */
/* rootless images */
#include <errno.h>

#include "applets/host.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/pick.h"
#include "core/engine/row.h"

struct images {
	bool all, digests, no_trunc, quiet, tree;
	char *format;
	struct strv filter;
};

static const struct opt opts[] = {
	OPT_BOOL(struct images, all, 'a', "all",
		 "Show all images (default hides intermediate images)"),
	OPT_BOOL(struct images, digests, 0, "digests", "Show digests"),
	OPT_LIST(struct images, filter, 'f', "filter", "filter",
		 "Filter output based on conditions provided"),
	OPT_STRING(struct images, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL(struct images, no_trunc, 0, "no-trunc", "Don't truncate output"),
	OPT_BOOL(struct images, quiet, 'q', "quiet", "Only show image IDs"),
	OPT_BOOL(struct images, tree, 0, "tree",
		 "List multi-platform images as a tree (refused: one platform is kept)"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "Repository", "REPOSITORY" },
	{ "Tag", "TAG" },
	{ "Digest", "DIGEST" },
	{ "ID", "IMAGE ID" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "Size", "SIZE" },
	{ "Containers", "CONTAINERS" },
	{ "VirtualSize", "SIZE" },
	{ "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" },
	{ NULL, NULL },
};

#define DEFAULT_FORMAT \
	"table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
#define DIGESTS_FORMAT \
	"table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t" \
	"{{.Size}}"

static int add_row(const struct image *i, const char *tag, const char *digest,
		   const struct images *o, struct table *t, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autojson *row = NULL;

	yyjson_mut_doc_set_root(doc, row_image(i, tag, digest, o->no_trunc, doc));
	row = yyjson_mut_doc_imut_copy(doc, NULL);
	return table_row(t, yyjson_doc_get_root(row), e);
}

/* name: of the operand "nginx", "nginx:tag" or "nginx@digest"; NULL: all. */
static bool is_wanted(const char *name, const char *tag)
{
	size_t n;

	if (!name)
		return true;
	n = strlen(name);
	return str_glob(name, tag) ||
	       (!strncmp(tag, name, n) && (tag[n] == ':' || tag[n] == '@'));
}

static bool has_digests(const struct images *o)
{
	return o->digests || (o->format && strstr(o->format, ".Digest"));
}

/* A row for each digest by which the repository of tag knows the image, when they are
 * shown; one at least. */
static int add_tag(const struct image *i, const char *tag, const struct images *o,
		   struct table *t, struct err *e)
{
	size_t n = (size_t)(strrchr(tag, ':') - tag), rows = 0;
	int r = 0;

	for (size_t k = 0; has_digests(o) && r >= 0 && k < i->repo_digests.len; k++) {
		const char *d = i->repo_digests.v[k];

		if (strncmp(d, tag, n) || d[n] != '@')
			continue;
		r = add_row(i, tag, d, o, t, e);
		rows++;
	}
	return rows ? r : add_row(i, tag, NULL, o, t, e);
}

/* By its digests: without a tag, or asked for so. */
static int add_digests(const struct image *i, const char *name, const struct images *o,
		       const struct pick *p, struct table *t, struct err *e)
{
	int r = 0;

	for (size_t n = 0; r >= 0 && n < i->repo_digests.len; n++) {
		const char *digest = i->repo_digests.v[n];

		if (!is_wanted(name, digest) || !pick_image_name(p, digest))
			continue;
		r = add_row(i, NULL, digest, o, t, e);
		if (!has_digests(o))
			break; /* they would look the same */
	}
	return r;
}

static int add_image(const struct image *i, const char *name, const struct images *o,
		     const struct pick *p, struct table *t, struct err *e)
{
	int r = 0;

	if (!pick_image(p, i))
		return 0;
	if ((name && strchr(name, '@')) || (!i->repo_tags.len && i->repo_digests.len))
		return add_digests(i, name, o, p, t, e);
	for (size_t n = 0; n < i->repo_tags.len && r >= 0; n++) {
		const char *tag = i->repo_tags.v[n];

		if (!is_wanted(name, tag) || !pick_image_name(p, tag))
			continue;
		r = add_tag(i, tag, o, t, e);
		if (o->quiet && !o->format)
			return r; /* the ID once */
	}
	if (i->repo_tags.len || name || pick_has(p, "reference"))
		return r;
	return add_row(i, NULL, NULL, o, t, e);
}

static int show(struct host *h, const char *name, const struct images *o,
		const struct pick *p, struct table *t)
{
	struct image *v = NULL;
	struct err e = { 0 };
	size_t len = 0;
	int r = image_list(&h->store, &v, &len, &e);

	for (size_t n = 0; n < len; n++) {
		if (r >= 0)
			r = add_image(&v[n], name, o, p, t, &e);
		image_done(&v[n]);
	}
	free(v);
	if (r >= 0)
		r = table_print(t, &e);
	return r < 0 ? host_fail(&e, 1) : 0;
}

static int images_main(void *opts_, char **args)
{
	const struct images *o = opts_;
	autodone(pick_done) struct pick p = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int code;

	if (o->tree) {
		err_set(&e, -EOPNOTSUPP,
			"--tree is not possible: of an image, one platform is kept here, "
			"so there is no tree to show");
		return host_fail(&e, 1);
	}
	if (host_open(&h, &e) < 0 || pick_images(&p, &h.store, &o->filter, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format, o->digests ? DIGESTS_FORMAT : DEFAULT_FORMAT,
		      o->quiet && !o->format ? "ID" : NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	code = show(&h, args[0], o, &p, t);
	table_free(t);
	return code;
}

const struct applet images_applet = {
	.name = "images",
	.args = "[OPTIONS] [REPOSITORY[:TAG]]",
	.summary = "List images",
	.group = GROUP_COMMON,
	.opts = opts,
	.opts_size = sizeof(struct images),
	.max_args = 1,
	.main = images_main,
};
