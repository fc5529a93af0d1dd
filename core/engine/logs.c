/* SPDX-License-Identifier: Apache-2.0 */
/* Reading json-file logs: path.N … path.1, then path, which grows and is rotated under
 * us. */
#include "core/engine/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/runtime/setup.h"
#include "core/wire/json.h"

#define CHUNK     65536
#define LINE_MAX_ (1u << 20) /* of JSON; more is not an entry of ours */
#define FILES_MAX 1000
#define LOOK_MS   1000 /* a monitor that is killed gives no event */
#define DONE      1

struct reader {
	const struct logs_options *o;
	logs_fn *fn;
	void *arg;
	int fd;
	struct buf in;  /* an entry begun */
	bool skip_rest; /* of a line that is too long */
};

static void reader_done(struct reader *r)
{
	fd_close(r->fd);
	buf_done(&r->in);
}

/* --- entries --------------------------------------------------------------------------
 */

/* As docker prints it: nine digits always. */
static void add_stamp(struct buf *out, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(out, "%s.%09lldZ ", text, (long long)(ns % 1000000000));
}

static int emit(struct reader *r, bool is_stderr, int64_t time, yyjson_val *log)
{
	autobuf out = { 0 };

	if (!r->o->timestamps && !r->o->details)
		return r->fn(r->arg, is_stderr, time, yyjson_get_str(log),
			     yyjson_get_len(log));
	if (r->o->timestamps)
		add_stamp(&out, time);
	if (r->o->details)
		buf_addc(&out, ' ');
	buf_add(&out, yyjson_get_str(log), yyjson_get_len(log));
	return r->fn(r->arg, is_stderr, time, out.data, out.len);
}

/* What is no entry, as a torn line is, is passed over. */
static int take_line(struct reader *r, const char *p, size_t n)
{
	autojson *doc = NULL;
	const char *stream = "", *stamp = "";
	int64_t time;

	if (json_parse(p, n, "log", &doc, NULL) < 0)
		return 0;
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *log = yyjson_obj_get(root, "log");
	if (!yyjson_is_str(log) || json_get_str(root, "stream", &stream, NULL) < 0 ||
	    json_get_str(root, "time", &stamp, NULL) < 0 || time_parse(stamp, &time) < 0)
		return 0;
	bool is_stderr = str_eq(stream, "stderr");
	if (r->o->until && time > r->o->until)
		return DONE;
	if (time < r->o->since || !(is_stderr ? r->o->want_stderr : r->o->want_stdout))
		return 0;
	return emit(r, is_stderr, time, log);
}

static int take_lines(struct reader *r)
{
	size_t at = 0;
	int c = 0;

	while (c == 0) {
		const char *from = r->in.data + at;
		const char *end =
			r->in.len > at ? memchr(from, '\n', r->in.len - at) : NULL;
		if (!end)
			break;
		if (!r->skip_rest)
			c = take_line(r, from, (size_t)(end - from));
		r->skip_rest = false;
		at += (size_t)(end - from) + 1;
	}
	buf_consume(&r->in, at);
	if (r->in.len > LINE_MAX_) {
		buf_reset(&r->in);
		r->skip_rest = true;
	}
	return c;
}

/* To the present end of the file. */
static int drain(struct reader *r)
{
	int c = 0;

	while (c == 0) {
		if ((c = buf_reserve(&r->in, CHUNK)) < 0)
			return c;
		ssize_t n = fd_read(r->fd, r->in.data + r->in.len, CHUNK);
		if (n <= 0)
			return (int)n;
		r->in.len += (size_t)n;
		c = take_lines(r);
	}
	return c;
}

/* --- where to begin -------------------------------------------------------------------
 */

/* Offset at which the last *left lines of the file begin; *left becomes what is still
 * missing. */
static int tail_offset(int fd, int64_t *left, off_t *ret)
{
	autofree char *chunk = mem_alloc(CHUNK);
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	/* The newline that ends the last line begins no other one. */
	off_t at = st.st_size > 0 ? st.st_size - 1 : 0;
	*ret = 0;
	while (at > 0) {
		size_t want = at > CHUNK ? CHUNK : (size_t)at;
		ssize_t n = pread(fd, chunk, want, at - (off_t)want);
		if (n != (ssize_t)want)
			return n < 0 ? -errno : -EIO;
		for (size_t i = want; i-- > 0;) {
			if (chunk[i] == '\n' && --*left == 0) {
				*ret = at - (off_t)want + (off_t)i + 1;
				return 0;
			}
		}
		at -= (off_t)want;
	}
	if (st.st_size > 0)
		--*left;
	return 0;
}

static int open_part(const char *path, int n)
{
	autofree char *part = n ? str_fmt("%s.%d", path, n) : str_dup(path);
	int fd = open(part, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* The first part to read, and where in it; newer ones are read whole. */
static int find_start(const char *path, int64_t tail, int *ret_part, off_t *ret_offset)
{
	int64_t left = tail;
	int part;

	*ret_offset = 0;
	for (part = 0; part < FILES_MAX; part++) {
		autoclose int fd = open_part(path, part);
		if (fd == -ENOENT && part > 0)
			break;
		if (fd < 0 && fd != -ENOENT)
			return fd;
		if (tail < 0 || fd < 0)
			continue;
		int r = tail_offset(fd, &left, ret_offset);
		if (r < 0)
			return r;
		if (left <= 0) {
			*ret_part = part;
			return 0;
		}
	}
	*ret_part = part - 1;
	return 0;
}

/* Leaves r->fd on the newest part, at its end; -1 when there is none yet. */
static int read_parts(struct reader *r, const char *path)
{
	int part = 0, c;
	off_t offset = 0;

	if (r->o->tail == 0) {
		r->fd = open_part(path, 0);
		if (r->fd >= 0)
			lseek(r->fd, 0, SEEK_END);
		return r->fd < 0 && r->fd != -ENOENT ? r->fd : 0;
	}
	if ((c = find_start(path, r->o->tail, &part, &offset)) < 0)
		return c;
	for (; part >= 0; part--) {
		r->fd = fd_close(r->fd);
		r->fd = open_part(path, part);
		if (r->fd == -ENOENT)
			continue;
		if (r->fd < 0)
			return r->fd;
		lseek(r->fd, offset, SEEK_SET);
		offset = 0;
		if ((c = drain(r)) != 0)
			return c;
	}
	return 0;
}

/* --- following ------------------------------------------------------------------------
 */

static bool rotated(int fd, const char *path)
{
	struct stat a, b;

	return fd < 0 || (!fstat(fd, &a) && !stat(path, &b) && a.st_ino != b.st_ino);
}

/* What was appended, across a rotation: first the rest of the old file. */
static int catch_up(struct reader *r, const char *path)
{
	int c = r->fd < 0 ? 0 : drain(r);

	while (c == 0 && rotated(r->fd, path)) {
		int fd = open_part(path, 0);
		if (fd == -ENOENT)
			return 0;
		if (fd < 0)
			return fd;
		if (r->fd >= 0)
			c = drain(r);
		fd_close(r->fd);
		r->fd = fd;
		if (c == 0)
			c = drain(r);
	}
	return c;
}

static bool is_running(const struct state *st)
{
	return st->status == STATE_RUNNING || st->status == STATE_PAUSED ||
	       st->status == STATE_RESTARTING;
}

static int watch(const struct container *c, const char *path, struct err *e)
{
	char here[32];
	autofree char *dir = str_dup(path);
	char *slash = strrchr(dir, '/');
	autoclose int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (slash)
		*slash = 0;
	str_print(here, sizeof(here), "/proc/self/fd/%d", c->dirfd);
	if (fd < 0 ||
	    inotify_add_watch(fd, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0 ||
	    inotify_add_watch(fd, here, IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF) < 0)
		return err_sys(e, "watch the log");
	return TAKE_FD(fd);
}

static void await_event(int fd)
{
	char events[4096];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, LOOK_MS) > 0)
		while (read(fd, events, sizeof(events)) > 0)
			;
}

static int follow(const struct store *s, struct container *c, struct reader *r,
		  const char *path, struct err *e)
{
	autoclose int events = watch(c, path, e);
	int code;

	if (events < 0)
		return events;
	for (;;) {
		/* In this order: all of the log is there before the state says exited. */
		int gone = state_read(c->dirfd, &c->state, NULL);
		bool over = gone < 0 || !is_running(&c->state);
		if ((code = catch_up(r, path)) != 0 || over)
			return code == DONE ? 0 : code;
		if (!state_monitored(c->dirfd) && container_settle(s, c, NULL) < 0)
			return 0;
		if (is_running(&c->state))
			await_event(events);
	}
}

int logs_read(const struct store *s, struct container *c, const struct logs_options *o,
	      logs_fn *fn, void *arg, struct err *e)
{
	autodone(
		reader_done) struct reader r = { .o = o, .fn = fn, .arg = arg, .fd = -1 };
	autodone(setup_done) struct setup setup = { 0 };
	autoclose int bundle = container_open_bundle(c->dirfd, e);
	int code;

	if (bundle < 0)
		return bundle;
	if ((code = setup_read(bundle, &setup, e)) < 0)
		return code;
	if (!str_eq(setup.log_driver, "json-file") || !setup.log_path)
		return err_set(e, -EOPNOTSUPP,
			       "configured logging driver does not support reading");
	r.in.max = LINE_MAX_ + 2 * CHUNK;
	code = read_parts(&r, setup.log_path);
	if (code == 0 && o->follow)
		code = follow(s, c, &r, setup.log_path, e);
	if (code == DONE)
		return 0;
	if (code < 0 && !(e && e->code))
		return err_code(e, code, "read the log of container %s", c->name);
	return code < 0 ? code : 0;
}
