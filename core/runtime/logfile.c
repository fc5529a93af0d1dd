/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a log. */
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
#include "core/wire/gzip.h"

#define LOG_MODE    0600
#define LOG_DIR     0700
#define FLUSH_BYTES 16384
#define PACK_CHUNK  32768
#define PACK_TMP    "packing"

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

void logfile_entry(struct buf *out, int stream, const void *p, size_t n, int64_t now,
		   const char *attrs)
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
	buf_addf(out, "\",\"stream\":\"%s\",", stream ? "stderr" : "stdout");
	if (attrs)
		buf_addf(out, "\"attrs\":%s,", attrs);
	buf_addf(out, "\"time\":\"%s\"}\n", time_stamp(stamp, now));
}

static void local_entry(struct buf *out, int stream, const char *p, size_t n, int64_t now)
{
	bool part = n == 0 || p[n - 1] != '\n';

	n -= !part;
	buf_addf(out, "%llx %c %zx ", (unsigned long long)now,
		 part ? (stream ? 'E' : 'O') : (stream ? 'e' : 'o'), n);
	buf_add(out, p, n);
	buf_addc(out, '\n');
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

int logfile_open(struct logfile *l, const struct logfile_conf *conf, struct err *e)
{
	autofree char *dir = path_dir(conf->path);
	int r;

	*l = (struct logfile){ .fd = -1,
			       .conf = *conf,
			       .attrs = str_dup(conf->attrs),
			       .name = str_dup(path_base(conf->path)) };
	l->dir = file_open_dir(AT_FDCWD, dir, true, LOG_DIR);
	r = l->dir < 0 ? l->dir : open_current(l);
	if (r < 0)
		logfile_done(l);
	return r < 0 ? err_code(e, r, "open the log '%s'", conf->path) : 0;
}

/* --- rotation ------------------------------------------------------------------------
 */

/* Part n, as it is or compressed. */
static char *part_name(const struct logfile *l, int64_t n, bool packed)
{
	return n ? str_fmt("%s.%lld%s", l->name, (long long)n, packed ? ".gz" : "")
		 : str_dup(l->name);
}

static int write_packed(void *out, const void *p, size_t n)
{
	return fd_write_all(*(const int *)out, p, n);
}

static int pack(int in, int out)
{
	autofree char *chunk = mem_alloc(PACK_CHUNK);
	char comment[sizeof(LOGFILE_COMMENT) + 20];
	struct gzip *z;
	struct stat st;
	ssize_t n = 0;
	int r = 0;

	if (fstat(in, &st) < 0)
		return -errno;
	str_print(comment, sizeof(comment), LOGFILE_COMMENT "%llu",
		  (unsigned long long)st.st_ino);
	z = gzip_new(0, comment, write_packed, &out);
	for (off_t at = 0; r == 0; at += n) {
		n = pread(in, chunk, PACK_CHUNK, at);
		if (n <= 0)
			break;
		r = gzip_write(z, chunk, (size_t)n, NULL);
	}
	if (n < 0)
		r = -errno;
	if (r == 0)
		r = gzip_finish(z, NULL);
	gzip_free(z);
	return r;
}

/* Part 1, which the descriptor is of. Never torn: under its name it is whole. While both
 * are there, the one that is not compressed counts. On a full disk it stays as it is. */
static void pack_first(const struct logfile *l, int in)
{
	autofree char *tmp = str_fmt("%s." PACK_TMP, l->name),
		      *plain = part_name(l, 1, false), *packed = part_name(l, 1, true);
	autoclose int out =
		openat(l->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		       LOG_MODE);

	if (out < 0)
		return;
	if (pack(in, out) < 0 || renameat(l->dir, tmp, l->dir, packed) < 0)
		unlinkat(l->dir, tmp, 0);
	else
		unlinkat(l->dir, plain, 0);
}

static void shift(const struct logfile *l)
{
	for (int64_t i = l->conf.max_files - 1; i > 0; i--) {
		for (int packed = 0; packed < 2; packed++) {
			autofree char *from = part_name(l, i - 1, packed);
			autofree char *to = part_name(l, i, packed);

			/* Missing ones have not been filled yet, or are in the other
			 * form, which must not be met beside an older one. */
			if (i == 1 && packed)
				continue;
			if (renameat(l->dir, from, l->dir, to) < 0 && errno == ENOENT)
				unlinkat(l->dir, to, 0);
		}
	}
}

static void rotate(struct logfile *l)
{
	autoclose int old = -1;

	if (l->conf.max_files <= 1) {
		if (ftruncate(l->fd, 0) == 0)
			l->size = 0;
		return;
	}
	shift(l);
	old = TAKE_FD(l->fd);
	/* Without a file, lines are lost until the next rotation opens one. */
	if (open_current(l) < 0)
		l->size = 0;
	if (l->conf.compress && old >= 0)
		pack_first(l, old);
}

/* --- writing -------------------------------------------------------------------------
 */

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

static int add(void *arg, int stream, const char *p, size_t n)
{
	struct logfile *l = arg;
	int r = 0;

	if (l->conf.max_size > 0 && l->size + l->pending.len >= l->conf.max_size) {
		r = flush(l);
		rotate(l);
	}
	if (l->conf.form == LOGFILE_JSON)
		logfile_entry(&l->pending, stream, p, n, l->now, l->attrs);
	else
		local_entry(&l->pending, stream, p, n, l->now);
	if (l->pending.len >= FLUSH_BYTES) {
		int later = flush(l);

		r = later < 0 ? later : r;
	}
	return r;
}

int logfile_write(struct logfile *l, int stream, const void *data, size_t n, int64_t now)
{
	int r, later;

	l->now = now;
	r = logline_feed(&l->lines, stream, data, n, add, l);
	later = flush(l);
	return later < 0 ? later : r;
}

int logfile_finish(struct logfile *l, int64_t now)
{
	l->now = now;
	logline_finish(&l->lines, add, l);
	return flush(l);
}

void logfile_done(struct logfile *l)
{
	fd_close(l->fd);
	fd_close(l->dir);
	free(l->name);
	free(l->attrs);
	logline_done(&l->lines);
	buf_done(&l->pending);
	*l = (struct logfile){ .fd = -1, .dir = -1 };
}
