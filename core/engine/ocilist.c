/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the OCI runtime. */
#include "core/engine/ocilist.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/base/time.h"

/* runc's columns, of Go's text/tabwriter. */
#define CELL_MIN      12
#define CELL_GAP      3
#define COLUMNS       6

#define PS_TIMEOUT_MS 10000
#define PS_OUTPUT_MAX (16u << 20)

int ocilist_state(const struct ocibox *b, struct buf *out, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	int r;

	yyjson_mut_doc_set_root(doc, obj);
	ocibox_describe(b, doc, obj);
	r = json_print(out, doc, true);
	if (r == 0)
		r = buf_addc(out, '\n');
	return r < 0 ? err_code(e, r, "print the state") : 0;
}

/* --- list ----------------------------------------------------------------------------
 */

struct row {
	char *cells[COLUMNS];
};

static void row_done(struct row *row)
{
	for (size_t i = 0; i < COLUMNS; i++)
		free(row->cells[i]);
}

static void fill_row(const struct ocibox *b, struct row *row)
{
	const struct passwd *p = getpwuid(b->owner);
	char stamp[TIME_STAMP_MAX];

	row->cells[0] = str_dup(b->id);
	row->cells[1] = str_fmt("%d", b->init >= 0 ? (int)b->state.pid : 0);
	row->cells[2] = str_dup(b->status);
	row->cells[3] = str_dup(b->bundle ? b->bundle : "");
	row->cells[4] = str_dup(time_stamp(stamp, b->created));
	row->cells[5] = p ? str_dup(p->pw_name) : str_fmt("#%u", b->owner);
}

static void print_table(const struct row *rows, size_t n, struct buf *out)
{
	size_t widths[COLUMNS] = { 0 };

	for (size_t c = 0; c < COLUMNS; c++) {
		widths[c] = CELL_MIN;
		for (size_t i = 0; i < n; i++) {
			size_t len = strlen(rows[i].cells[c]) + CELL_GAP;

			if (len > widths[c])
				widths[c] = len;
		}
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c + 1 < COLUMNS; c++)
			buf_addf(out, "%-*s", (int)widths[c], rows[i].cells[c]);
		buf_addf(out, "%s\n", rows[i].cells[COLUMNS - 1]);
	}
}

struct listing {
	struct row *rows;
	size_t len;
	yyjson_mut_doc *doc;
	yyjson_mut_val *arr;
};

static void listing_done(struct listing *l)
{
	for (size_t i = 0; i < l->len; i++)
		row_done(&l->rows[i]);
	free(l->rows);
	yyjson_mut_doc_free(l->doc);
}

static void add_box(const struct ocibox *b, struct listing *l)
{
	struct row *row = &l->rows[l->len++];
	yyjson_mut_val *obj = yyjson_mut_arr_add_obj(l->doc, l->arr);

	fill_row(b, row);
	ocibox_describe(b, l->doc, obj);
	/* Of runc's verbs, list alone looks the owner up. */
	yyjson_mut_obj_remove_key(obj, "owner");
	json_add_str(l->doc, obj, "owner", row->cells[COLUMNS - 1]);
}

int ocilist_all(int root, enum ocilist_form form, struct buf *out, struct err *e)
{
	static const char *const heads[COLUMNS] = { "ID",     "PID",     "STATUS",
						    "BUNDLE", "CREATED", "OWNER" };
	autostrv ids = { 0 };
	autodone(listing_done) struct listing l = { .doc = yyjson_mut_doc_new(NULL) };
	int r = ocibox_list(root, &ids, e);

	if (r < 0)
		return r;
	l.rows = mem_array(ids.len + 1, sizeof(*l.rows));
	l.arr = yyjson_mut_arr(l.doc);
	yyjson_mut_doc_set_root(l.doc, l.arr);
	for (size_t c = 0; c < COLUMNS; c++)
		l.rows[0].cells[c] = str_dup(heads[c]);
	l.len = 1;
	for (size_t i = 0; i < ids.len; i++) {
		struct ocibox b;

		/* One that goes meanwhile, or is damaged, hides no other. */
		if (form == OCILIST_IDS)
			buf_addf(out, "%s\n", ids.v[i]);
		else if (ocibox_open(root, ids.v[i], &b, NULL) == 0)
			add_box(&b, &l);
		if (form != OCILIST_IDS)
			ocibox_done(&b);
	}
	if (form == OCILIST_TABLE)
		print_table(l.rows, l.len, out);
	if (form != OCILIST_JSON)
		return 0;
	r = json_print(out, l.doc, false);
	return r < 0 ? err_code(e, r, "print the list") : buf_addc(out, '\n');
}

/* --- ps ------------------------------------------------------------------------------
 */

/* Which word of the line, from 0, or -1. */
static int find_word(const char *line, const char *word)
{
	autostrv words = { 0 };
	int n = 0;

	strv_split(&words, line, ' ');
	for (size_t i = 0; i < words.len; i++) {
		if (str_eq(words.v[i], word))
			return n;
		n += *words.v[i] != 0;
	}
	return -1;
}

static bool word_is_one_of(const char *line, int at, const struct strv *list)
{
	autostrv words = { 0 };

	strv_split(&words, line, ' ');
	for (size_t i = 0; i < words.len; i++) {
		if (*words.v[i] && at-- == 0)
			return strv_has(list, words.v[i]);
	}
	return false;
}

static int filter_ps(const char *text, const struct strv *pids, struct buf *out,
		     struct err *e)
{
	autostrv lines = { 0 };
	int at;

	strv_split(&lines, text, '\n');
	at = lines.len ? find_word(lines.v[0], "PID") : -1;
	if (at < 0)
		return err_set(e, -EINVAL, "ps printed no column 'PID'");
	for (size_t i = 0; i < lines.len; i++) {
		if (i == 0 || word_is_one_of(lines.v[i], at, pids))
			buf_addf(out, "%s\n", lines.v[i]);
	}
	return 0;
}

int ocilist_processes(const struct ocibox *b, bool json, char *const *args,
		      struct buf *out, struct err *e)
{
	autostrv pids = { 0 }, argv = { 0 };
	autobuf text = { .max = PS_OUTPUT_MAX }, said = { .max = 1024 };
	int r = ocibox_pids(b, &pids, e);

	if (r < 0)
		return r;
	if (json) {
		for (size_t i = 0; i < pids.len; i++)
			buf_addf(out, "%s%s", i ? "," : "[", pids.v[i]);
		return buf_adds(out, "]\n");
	}
	strv_add(&argv, "ps");
	if (args[0])
		strv_addv(&argv, args);
	else
		strv_add(&argv, "-ef");
	r = spawn_run(argv.v, NULL, &text, &said, PS_TIMEOUT_MS, e);
	if (r > 0)
		return err_set(e, -EINVAL, "ps: %s", buf_str(&said));
	return r < 0 ? r : filter_ps(buf_str(&text), &pids, out, e);
}
