/* SPDX-License-Identifier: Apache-2.0 */
/* rootless history */
#include "applets/host.h"
#include "core/cli/applet.h"
#include "core/cli/table.h"
#include "core/engine/imagehistory.h"

struct history {
	bool human, no_trunc, quiet;
	char *format, *platform;
};

static const struct opt opts[] = {
	OPT_STRING(struct history, format, 0, "format", "string", TABLE_FORMAT_HELP),
	OPT_BOOL_DEF(struct history, human, 'H', "human",
		     "Print sizes and dates in human readable format", "true"),
	OPT_BOOL(struct history, no_trunc, 0, "no-trunc", "Don't truncate output"),
	OPT_STRING(struct history, platform, 0, "platform", "string",
		   "Show history for the given platform (\"os[/arch[/variant]]\")"),
	OPT_BOOL(struct history, quiet, 'q', "quiet", "Only show image IDs"),
	OPT_END,
};

static const struct table_column columns[] = {
	{ "ID", "IMAGE" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "CreatedBy", "CREATED BY" },
	{ "Size", "SIZE" },
	{ "Comment", "COMMENT" },
	{ NULL, NULL },
};

#define DEFAULT_FORMAT \
	"table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}"

static int show(struct host *h, const struct image *i, const struct history *o,
		struct table *t, struct err *e)
{
	const struct imagehistory_options how = { o->human, o->no_trunc };
	int r = 0;

	for (size_t n = 0; r >= 0 && n < imagehistory_len(i); n++) {
		autojson_mut *doc = yyjson_mut_doc_new(NULL);
		autojson *row = NULL;

		yyjson_mut_doc_set_root(doc,
					imagehistory_row(&h->store, i, n, &how, doc));
		row = yyjson_mut_doc_imut_copy(doc, NULL);
		r = table_row(t, yyjson_doc_get_root(row), e);
	}
	return r < 0 ? r : table_print(t, e);
}

static int history_main(void *opts_, char **args)
{
	const struct history *o = opts_;
	autodone(image_done) struct image i = { 0 };
	autohost h = { 0 };
	struct err e = { 0 };
	struct table *t;
	int r;

	if (host_open(&h, &e) < 0 || image_open(&h.store, args[0], &i, &e) < 0 ||
	    image_check_platform(&i, args[0], o->platform, &e) < 0)
		return host_fail(&e, 1);
	t = table_new(columns, o->format, DEFAULT_FORMAT,
		      o->quiet && !o->format ? "ID" : NULL, &e);
	if (!t)
		return host_fail(&e, 1);
	r = show(&h, &i, o, t, &e);
	table_free(t);
	return r < 0 ? host_fail(&e, 1) : 0;
}

const struct applet history_applet = {
	.name = "history",
	.args = "[OPTIONS] IMAGE",
	.summary = "Show the history of an image",
	.group = GROUP_COMMAND,
	.opts = opts,
	.opts_size = sizeof(struct history),
	.min_args = 1,
	.max_args = 1,
	.main = history_main,
};
