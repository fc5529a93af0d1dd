/* SPDX-License-Identifier: Apache-2.0 */
/* docker's json-file log. */
#include "core/runtime/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/time.h"

#define LOG_MODE    0600
#define LOG_DIR     0700
#define FLUSH_BYTES 16384

/* --- one entry -----------------------------------------------------------------------
 */

/* What must be escaped in a string, with Go's choices (it guards <, > and &). */
static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' &&
	       c != '&';
}

static void escape(struct buf *out, const uint8_t *p, size_t len)
{
	switch (p[0]) {
	case '"':
	case '\\':
		buf_addf(out, "\\%c", p[0]);
		return;
	case '\n':
		buf_adds(out, "\\n");
		return;
	case '\r':
		buf_adds(out, "\\r");
		return;
	case '\t':
		buf_adds(out, "\\t");
		return;
	}
	if (len == 0)
		buf_adds(out, "\\ufffd");
	else if (p[0] < 0x80)
		buf_addf(out, "\\u%04x", p[0]);
	else
		buf_add(out, p, len);
}

void logfile_entry(struct buf *out, int stream, const void *p, size_t n, int64_t now)
{
	const uint8_t *s = p;
	char stamp[TIME_STAMP_MAX];

	buf_adds(out, "{\"log\":\"");
	for (size_t i = 0; i < n;) {
		size_t run = 0, len;

		while (i + run < n && plain(s[i + run]))
			run++;
		buf_add(out, s + i, run);
		i += run;
		if (i == n)
			break;
		len = str_rune(s + i, n - i);
		escape(out, s + i, len);
		i += len ? len : 1;
	}
	buf_addf(out, "\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
		 stream ? "stderr" : "stdout", time_stamp(stamp, now));
}

/* --- the file ------------------------------------------------------------------------
 */

static int open_current(struct logfile *l)
{
	struct stat st;
	char last = '\n';

	l->fd = openat(l->dir, l->name,
		       O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, LOG_MODE);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return -errno;
	l->size = (uint64_t)st.st_size;
	/* A monitor that was killed, or a power cut, may have left half a line. */
	if (st.st_size > 0 && pread(l->fd, &last, 1, st.st_size - 1) == 1 &&
	    last != '\n' && write(l->fd, "\n", 1) == 1)
		l->size++;
	return 0;
}

int logfile_open(struct logfile *l, const char *path, uint64_t max_size,
		 int64_t max_files, struct err *e)
{
	autofree char *dir = path_dir(path);
	int r;

	*l = (struct logfile){ .fd = -1,
			       .max_size = max_size,
			       .max_files = max_files,
			       .name = str_dup(path_base(path)) };
	l->dir = file_open_dir(AT_FDCWD, dir, true, LOG_DIR);
	r = l->dir < 0 ? l->dir : open_current(l);
	if (r < 0)
		logfile_done(l);
	return r < 0 ? err_code(e, r, "open the log '%s'", path) : 0;
}

static void rotate(struct logfile *l)
{
	for (int64_t i = l->max_files - 1; i > 0; i--) {
		autofree char *from =
			i > 1 ? str_fmt("%s.%lld", l->name, (long long)(i - 1))
			      : str_dup(l->name);
		autofree char *to = str_fmt("%s.%lld", l->name, (long long)i);

		/* Missing ones have not been filled yet. */
		renameat(l->dir, from, l->dir, to);
	}
	if (l->max_files <= 1) {
		if (ftruncate(l->fd, 0) == 0)
			l->size = 0;
		return;
	}
	l->fd = fd_close(l->fd);
	/* Without a file, lines are lost until the next rotation opens one. */
	if (open_current(l) < 0)
		l->size = 0;
}

static int flush(struct logfile *l)
{
	size_t n = l->pending.len;
	int r = 0;

	if (n == 0)
		return 0;
	r = fd_write_all(l->fd, l->pending.data, n);
	buf_reset(&l->pending);
	if (r == 0) {
		l->size += n;
		return 0;
	}
	/* Half an entry must not stand before whole ones. */
	if (l->fd >= 0 && ftruncate(l->fd, (off_t)l->size) < 0)
		return -errno;
	return r;
}

static int add(struct logfile *l, int stream, const void *p, size_t n, int64_t now)
{
	int r = 0;

	if (l->max_size > 0 && l->size + l->pending.len >= l->max_size) {
		r = flush(l);
		rotate(l);
	}
	logfile_entry(&l->pending, stream, p, n, now);
	if (l->pending.len >= FLUSH_BYTES) {
		int later = flush(l);

		r = later < 0 ? later : r;
	}
	return r;
}

/* The rest of an unfinished line, up to its newline or as much as a line may hold. Bytes
 * taken. */
static size_t complete(struct logfile *l, int stream, const char *p, size_t n,
		       int64_t now, int *r)
{
	struct buf *line = &l->line[stream];
	const char *nl = memchr(p, '\n', n);
	size_t take = nl ? (size_t)(nl - p) + 1 : n, room = LOGFILE_LINE_MAX - line->len;
	bool full = take >= room;

	if (full) {
		take = room;
		nl = NULL;
	}
	buf_add(line, p, take);
	if (nl || full || line->data[line->len - 1] == '\n') {
		*r = add(l, stream, line->data, line->len, now);
		buf_reset(line);
	}
	return take;
}

int logfile_write(struct logfile *l, int stream, const void *data, size_t n, int64_t now)
{
	const char *p = data;
	int r = 0, later;

	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t take;

		if (l->line[stream].len == 0 && nl && nl - p < LOGFILE_LINE_MAX) {
			take = (size_t)(nl - p) + 1;
			r = add(l, stream, p, take, now);
		} else {
			take = complete(l, stream, p, n, now, &r);
		}
		p += take;
		n -= take;
	}
	later = flush(l);
	return later < 0 ? later : r;
}

int logfile_finish(struct logfile *l, int64_t now)
{
	for (int s = 0; s < 2; s++) {
		if (l->line[s].len > 0)
			add(l, s, l->line[s].data, l->line[s].len, now);
		buf_reset(&l->line[s]);
	}
	return flush(l);
}

void logfile_done(struct logfile *l)
{
	fd_close(l->fd);
	fd_close(l->dir);
	free(l->name);
	buf_done(&l->line[0]);
	buf_done(&l->line[1]);
	buf_done(&l->pending);
	*l = (struct logfile){ .fd = -1, .dir = -1 };
}
