/* SPDX-License-Identifier: Apache-2.0 */
/* docker's tables. Rows are rendered when they come and laid out at the end, as Go's
 * text/tabwriter does it: the cells of a column belong together over neighbouring lines
 * that have it; the last cell of a line is in no column. */
#include "core/cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"
#include "core/cli/format.h"
#include "core/wire/json.h"

#define WIDTH_MIN 10
#define GAP       3

struct table {
	struct format *format; /* NULL: quiet */
	char *quiet_field;
	bool tabular;
	struct buf text; /* rendered so far */
};

/* --- making rows -------------------------------------------------------------------- */

/* As docker reads it: "\t" and "\n" may be spelled out, spaces around do not count. */
static char *prepare(const char *text)
{
	size_t n = strlen(text);
	char *copy, *to;

	while (*text == ' ')
		text++, n--;
	while (n && text[n - 1] == ' ')
		n--;
	to = copy = str_ndup(text, n);
	for (const char *from = copy; *from; from++) {
		if (from[0] == '\\' && (from[1] == 't' || from[1] == 'n'))
			*to++ = *++from == 't' ? '\t' : '\n';
		else
			*to++ = *from;
	}
	*to = 0;
	return copy;
}

static int add_headers(struct table *t, const struct table_column *columns, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autojson *fixed = NULL;
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	int r;

	yyjson_mut_doc_set_root(doc, obj);
	for (const struct table_column *c = columns; c->field; c++)
		json_add_str(doc, obj, c->field, c->header);
	fixed = yyjson_mut_doc_imut_copy(doc, NULL);
	r = format_run_header(t->format, yyjson_doc_get_root(fixed), &t->text, e);
	return r < 0 ? r : buf_addc(&t->text, '\n');
}

struct table *table_new(const struct table_column *columns, const char *format,
			const char *default_format, const char *quiet_field,
			struct err *e)
{
	static const char word[] = "table";
	struct table *t = mem_new(struct table);
	autofree char *text = NULL;

	if (quiet_field) {
		t->quiet_field = str_dup(quiet_field);
		return t;
	}
	if (str_empty(format) || str_eq(format, word))
		format = default_format;
	t->tabular = str_starts(format, word);
	text = prepare(format + (t->tabular ? sizeof(word) - 1 : 0));
	if (format_new(text, &t->format, e) < 0 ||
	    (t->tabular && add_headers(t, columns, e) < 0)) {
		table_free(t);
		return NULL;
	}
	return t;
}

/* A key is a string always. */
static int by_key(const void *a, const void *b)
{
	return strcmp(unsafe_yyjson_get_str(*(void *const *)a),
		      unsafe_yyjson_get_str(*(void *const *)b));
}

/* docker's rows are maps, which Go writes as JSON by key. */
static yyjson_doc *sort_row(yyjson_val *row)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *out = yyjson_mut_obj(doc);
	size_t n = 0, i, max;
	yyjson_val *key, *val;
	autofree yyjson_val **keys = mem_array(yyjson_obj_size(row) + 1, sizeof(*keys));

	yyjson_obj_foreach (row, i, max, key, val) {
		keys[n++] = key;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < n; i++)
		yyjson_mut_obj_add(
			out, yyjson_val_mut_copy(doc, keys[i]),
			yyjson_val_mut_copy(doc, yyjson_obj_iter_get_val(keys[i])));
	yyjson_mut_doc_set_root(doc, out);
	return yyjson_mut_doc_imut_copy(doc, NULL);
}

int table_row(struct table *t, struct yyjson_val *row, struct err *e)
{
	const char *field = NULL;
	int r;

	if (t->quiet_field) {
		r = json_get_str(row, t->quiet_field, &field, e);
		if (r >= 0)
			r = buf_addf(&t->text, "%s\n", field ? field : "");
	} else {
		autojson *sorted = t->tabular ? NULL : sort_row(row);
		yyjson_val *root = sorted ? yyjson_doc_get_root(sorted) : row;
		r = format_run(t->format, root, &t->text, e);
		if (r >= 0)
			r = buf_addc(&t->text, '\n');
	}
	if (r == -E2BIG && e && !e->text[0])
		return err_set(e, r, "the output is too large");
	return r < 0 ? r : 0;
}

/* --- laying out --------------------------------------------------------------------- */

struct line {
	struct strv cells;
	size_t *widths; /* of each cell but the last */
};

static size_t runes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* One line of text (up to a NUL, should a template have made one) without its newline,
 * safe for a terminal when it goes to one. */
static char *take_line(const char **text, const char *end, bool terminal)
{
	const char *newline = memchr(*text, '\n', (size_t)(end - *text));
	autofree char *line = str_ndup(*text, (size_t)(newline - *text));
	autobuf safe = { 0 };

	*text = newline + 1;
	if (!terminal || str_escape(&safe, line) < 0)
		return TAKE_PTR(line);
	return buf_take(&safe);
}

/* Sets the width of column c in lines[i], lines[i + 1], … as long as they have it. */
static size_t set_widths(struct line *lines, size_t i, size_t n, size_t c)
{
	size_t width = WIDTH_MIN, end = i;

	for (; end < n && c + 1 < lines[end].cells.len; end++) {
		size_t own = runes(lines[end].cells.v[c]) + GAP;

		if (own > width)
			width = own;
	}
	for (size_t k = i; k < end; k++)
		lines[k].widths[c] = width;
	return end;
}

static void put_line(const struct line *l, struct buf *out)
{
	for (size_t c = 0; c < l->cells.len; c++) {
		buf_adds(out, l->cells.v[c]);
		for (size_t n = runes(l->cells.v[c]);
		     c + 1 < l->cells.len && n < l->widths[c]; n++)
			buf_addc(out, ' ');
	}
	buf_addc(out, '\n');
	fwrite(out->data, 1, out->len, stdout);
	buf_reset(out);
}

static void put_columns(const char *text, const char *end, bool terminal)
{
	autofree struct line *lines = NULL;
	autobuf out = { 0 };
	size_t n = 0, most = 0;

	for (const char *p = text; p < end; p++)
		n += *p == '\n';
	lines = mem_array(n, sizeof(*lines));
	for (size_t i = 0; i < n; i++) {
		autofree char *line = take_line(&text, end, terminal);

		strv_split(&lines[i].cells, line, '\t');
		lines[i].widths = mem_array(lines[i].cells.len, sizeof(size_t));
		if (lines[i].cells.len > most)
			most = lines[i].cells.len;
	}
	for (size_t c = 0; c + 1 < most; c++) {
		for (size_t i = 0; i < n;) {
			size_t next = set_widths(lines, i, n, c);

			i = next > i ? next : i + 1;
		}
	}
	for (size_t i = 0; i < n; i++) {
		put_line(&lines[i], &out);
		strv_done(&lines[i].cells);
		free(lines[i].widths);
	}
}

int table_print(struct table *t, struct err *e)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	const char *text = buf_str(&t->text), *end = text + t->text.len;

	if (t->tabular)
		put_columns(text, end, terminal);
	else if (!terminal)
		fwrite(text, 1, t->text.len, stdout);
	while (!t->tabular && terminal && text < end) {
		autofree char *line = take_line(&text, end, terminal);

		puts(line);
	}
	errno = 0;
	if (fflush(stdout) == EOF || ferror(stdout))
		return err_sys(e, "write standard output");
	return 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	format_free(t->format);
	free(t->quiet_field);
	buf_done(&t->text);
	free(t);
}
