/* SPDX-License-Identifier: Apache-2.0 */
/* Pull and push progress.
 *
 * On a terminal each line is drawn once and then again in its place: the cursor rests
 * below the last line, goes up, rewrites, comes down. Lines that have left the screen are
 * not touched any more. Elsewhere only changes of status are printed, without bars. */
#include "core/cli/progress.h"

#include <stddef.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/cli/tty.h"

#define REDRAW_NS INT64_C(50000000) /* a bar that moves faster is not seen */
#define BAR_WIDTH 50
#define BAR_COLS  110 /* narrower terminals get the numbers only */

struct progress_line {
	char *id; /* NULL: a line of its own */
	char *status;
	int64_t drawn; /* monotonic */
};

struct progress {
	int fd;
	bool quiet, terminal;
	struct progress_line *lines;
	size_t n, cap;
};

struct progress *progress_new(int fd, bool quiet)
{
	struct progress *p = mem_new(struct progress);

	p->fd = fd;
	p->quiet = quiet;
	p->terminal = isatty(fd) == 1;
	return p;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		free(p->lines[i].id);
		free(p->lines[i].status);
	}
	free(p->lines);
	free(p);
}

static struct progress_line *find(struct progress *p, const char *id, bool *ret_new)
{
	struct progress_line *line;

	*ret_new = false;
	for (size_t i = 0; id && i < p->n; i++) {
		if (str_eq(p->lines[i].id, id))
			return &p->lines[i];
	}
	*ret_new = true;
	if (p->n == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->lines = mem_resize(p->lines, p->cap, sizeof(*p->lines));
	}
	line = &p->lines[p->n++];
	*line = (struct progress_line){ .id = str_dup(id) };
	return line;
}

/* docker's sizes: four digits, powers of 1000. */
static void human(char dst[24], uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double n = (double)bytes;
	size_t i = 0;

	for (; n >= 1000 && i + 1 < ARRAY_LEN(units); i++)
		n /= 1000;
	(void)str_print(dst, 24, "%.4g%s", n, units[i]);
}

static void add_bar(struct buf *text, uint64_t done, uint64_t total, uint16_t cols)
{
	char have[24], all[24];
	int full;

	if (!total)
		return;
	full = done >= total ? BAR_WIDTH
			     : (int)((double)done / (double)total * BAR_WIDTH);
	human(have, done);
	human(all, total);
	buf_addc(text, ' ');
	if (cols > BAR_COLS) {
		buf_addc(text, '[');
		for (int i = 0; i < full; i++)
			buf_addc(text, '=');
		buf_addf(text, ">%*s] ", BAR_WIDTH - full, "");
	}
	if (done > total)
		buf_addf(text, "%8s", have);
	else
		buf_addf(text, "%8s/%s", have, all);
}

/* No longer than the terminal is wide: a wrapped line would take two. */
static void cut(struct buf *text, uint16_t cols)
{
	size_t seen = 0;

	for (size_t i = 0; i < text->len && cols; i++) {
		if (((unsigned char)text->data[i] & 0xc0) == 0x80)
			continue;
		if (++seen < cols)
			continue;
		text->len = i;
		text->data[i] = 0;
	}
}

/* Draws the line: below all others when new, else in its place, `up` lines above. */
static void draw(const struct progress *p, const struct buf *text, size_t up)
{
	autobuf out = { 0 };

	if (up)
		buf_addf(&out, "\x1b[%zuA", up);
	buf_addf(&out, "\r\x1b[2K%s\r", buf_str(text));
	if (up)
		buf_addf(&out, "\x1b[%zuB", up);
	else
		buf_addc(&out, '\n');
	(void)fd_write_all(p->fd, out.data, out.len);
}

static void update_terminal(struct progress *p, const char *id, const char *status,
			    uint64_t done, uint64_t total)
{
	int64_t now = time_monotonic();
	uint16_t rows = 0, cols = 0;
	autobuf text = { 0 };
	bool fresh;
	struct progress_line *line = find(p, id, &fresh);
	size_t up = fresh ? 0 : p->n - (size_t)(line - p->lines);

	if (!fresh && str_eq(line->status, status) && done < total &&
	    now - line->drawn < REDRAW_NS)
		return;
	str_set(&line->status, status);
	line->drawn = now;
	(void)tty_size(p->fd, &rows, &cols);
	if (rows && up >= rows)
		return;
	if (id) {
		str_escape(&text, id);
		buf_adds(&text, ": ");
	}
	str_escape(&text, status);
	add_bar(&text, done, total, cols);
	cut(&text, cols);
	draw(p, &text, up);
}

static void update_plain(struct progress *p, const char *id, const char *status)
{
	autobuf text = { 0 };
	bool fresh;
	struct progress_line *line;

	if (id) {
		line = find(p, id, &fresh);
		if (str_eq(line->status, status))
			return;
		str_set(&line->status, status);
		str_escape(&text, id);
		buf_adds(&text, ": ");
	}
	str_escape(&text, status);
	buf_addc(&text, '\n');
	(void)fd_write_all(p->fd, text.data, text.len);
}

void progress_update(struct progress *p, const char *id, const char *status,
		     uint64_t done, uint64_t total)
{
	if (p->quiet)
		return;
	if (p->terminal)
		update_terminal(p, id, status, done, total);
	else if (!total)
		update_plain(p, id, status);
}
