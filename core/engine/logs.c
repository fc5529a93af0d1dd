/* SPDX-License-Identifier: Apache-2.0 */
/* Reading logs: path.N … path.1, then path, which grows and is rotated under us; or the
 * journal. */
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
#include "core/engine/logjournal.h"
#include "core/engine/logpart.h"
#include "core/runtime/setup.h"

#define CHUNK     65536
#define LINE_MAX_ (1u << 20) /* of JSON; more is not an entry of ours */
#define LOOK_MS   1000       /* a monitor that is killed gives no event */
#define DONE      1
/* A rotation is a few system calls. */
#define RENAME_NS    2000000
#define RENAME_TRIES 5

struct reader {
	const struct logs_options *o;
	logs_fn *fn;
	void *arg;
	int (*parse)(const char *p, size_t n, struct logentry *ret);
	int fd;
	uint64_t inode; /* of the file when it was written */
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

static int take_entry(void *arg, const struct logentry *x)
{
	const struct reader *r = arg;
	const struct logs_options *o = r->o;
	autobuf out = { 0 };

	if (o->until && x->time > o->until)
		return DONE;
	if (x->time < o->since || !(x->is_stderr ? o->want_stderr : o->want_stdout))
		return 0;
	if (!o->timestamps && !o->details)
		return r->fn(r->arg, x->is_stderr, x->time, x->text, x->len);
	if (o->timestamps)
		add_stamp(&out, x->time);
	if (o->details) {
		logentry_attrs(x, &out);
		buf_addc(&out, ' ');
	}
	buf_add(&out, x->text, x->len);
	return r->fn(r->arg, x->is_stderr, x->time, out.data, out.len);
}

/* What is no entry, as a torn line is, is passed over. */
static int take_line(struct reader *r, const char *p, size_t n)
{
	autodone(logentry_done) struct logentry x = { 0 };

	return r->parse(p, n, &x) < 0 ? 0 : take_entry(r, &x);
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
	struct stat st;
	int c = 0;

	/* A log of a single file is rotated by being emptied. */
	if (!fstat(r->fd, &st) && st.st_size < lseek(r->fd, 0, SEEK_CUR)) {
		lseek(r->fd, 0, SEEK_SET);
		buf_reset(&r->in);
	}
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

/* Which part to read first, of those newest first, and where in it. */
static int find_start(const struct reader *r, struct logpart *v, size_t len,
		      size_t *ret_part, off_t *ret_offset)
{
	int64_t left = r->o->tail;

	*ret_offset = 0;
	*ret_part = len;
	for (size_t i = 0; i < len && r->o->tail >= 0 && left > 0; i++) {
		int c = logpart_unpack(&v[i]);

		if (c == 0)
			c = tail_offset(v[i].fd, &left, ret_offset);
		if (c < 0)
			return c;
		*ret_part = i + 1;
	}
	return 0;
}

/* These, the oldest first. r->fd is on the newest then. */
static int read_parts(struct reader *r, struct logpart *v, size_t len, off_t offset)
{
	int c = 0;

	for (size_t i = len; i-- > 0 && c == 0;) {
		if ((c = logpart_unpack(&v[i])) < 0)
			return c;
		fd_close(r->fd);
		r->fd = TAKE_FD(v[i].fd);
		r->inode = v[i].inode;
		buf_reset(&r->in);
		lseek(r->fd, offset, SEEK_SET);
		offset = 0;
		c = drain(r);
	}
	return c;
}

/* What is there; r->fd stays -1 when nothing is yet. */
static int read_present(struct reader *r, const char *path)
{
	struct logpart *v = NULL;
	size_t len = 0, first = 0;
	off_t offset = 0;
	int c = logpart_list(path, 0, &v, &len);

	if (c < 0)
		return c;
	if (r->o->tail == 0 && len > 0) {
		r->fd = TAKE_FD(v[0].fd);
		r->inode = v[0].inode;
		lseek(r->fd, 0, SEEK_END);
	} else if (len > 0) {
		c = find_start(r, v, len, &first, &offset);
		if (c == 0)
			c = read_parts(r, v, first, offset);
	}
	logpart_list_done(v, len);
	return c;
}

/* --- following ------------------------------------------------------------------------
 */

static bool rotated(const struct reader *r, const char *path)
{
	struct stat st;

	return !stat(path, &st) && (r->fd < 0 || st.st_ino != r->inode);
}

/* The parts since the one that was read last. While they are renamed it may not be met;
 * when it never is, it was rotated away, and all that is left is newer. */
static int list_newer(const struct reader *r, const char *path, struct logpart **ret,
		      size_t *ret_len)
{
	const struct timespec pause = { .tv_nsec = RENAME_NS };
	int c = 0;

	for (int i = 0; i < RENAME_TRIES; i++) {
		c = logpart_list(path, r->inode, ret, ret_len);
		if (c != 0 || r->fd < 0)
			break;
		if (i + 1 < RENAME_TRIES) {
			logpart_list_done(*ret, *ret_len);
			nanosleep(&pause, NULL);
		}
	}
	return c < 0 ? c : 0;
}

/* What was appended, across rotations: first the rest of the old file. */
static int catch_up(struct reader *r, const char *path)
{
	int c = r->fd < 0 ? 0 : drain(r);

	while (c == 0 && rotated(r, path)) {
		struct logpart *v = NULL;
		size_t len = 0;

		if (r->fd >= 0)
			c = drain(r);
		if (c == 0)
			c = list_newer(r, path, &v, &len);
		if (c < 0)
			return c;
		c = read_parts(r, v, len, 0);
		logpart_list_done(v, len);
		if (len == 0)
			break;
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

/* --- the journal ----------------------------------------------------------------------
 */

struct journal {
	struct reader *r;
	const struct store *s;
	struct container *c;
};

static int take_journal(void *arg, const struct logentry *x)
{
	const struct journal *j = arg;

	return take_entry(j->r, x);
}

static bool still_runs(void *arg)
{
	const struct journal *j = arg;

	if (state_read(j->c->dirfd, &j->c->state, NULL) < 0 || !is_running(&j->c->state))
		return false;
	return state_monitored(j->c->dirfd) || container_settle(j->s, j->c, NULL) == 0;
}

static int read_journal(struct journal *j, struct err *e)
{
	const struct logjournal l = { .id = j->c->id,
				      .tail = j->r->o->tail,
				      .fn = take_journal,
				      .running = j->r->o->follow ? still_runs : NULL,
				      .arg = j };

	return logjournal_read(&l, e);
}

static int read_files(struct journal *j, const char *path, struct err *e)
{
	int code;

	j->r->in.max = LINE_MAX_ + 2 * CHUNK;
	code = read_present(j->r, path);
	if (code == 0 && j->r->o->follow)
		code = follow(j->s, j->c, j->r, path, e);
	return code;
}

int logs_read(const struct store *s, struct container *c, const struct logs_options *o,
	      logs_fn *fn, void *arg, struct err *e)
{
	autodone(
		reader_done) struct reader r = { .o = o, .fn = fn, .arg = arg, .fd = -1 };
	autodone(setup_done) struct setup setup = { 0 };
	struct journal j = { .r = &r, .s = s, .c = c };
	autoclose int bundle = container_open_bundle(c->dirfd, e);
	int code;

	if (bundle < 0)
		return bundle;
	if ((code = setup_read(bundle, &setup, e)) < 0)
		return code;
	r.parse = str_eq(setup.log_driver, "json-file") ? logentry_parse_json
		  : str_eq(setup.log_driver, "local")   ? logentry_parse_local
							: NULL;
	if (str_eq(setup.log_driver, "journald"))
		code = read_journal(&j, e);
	else if (r.parse && setup.log_path)
		code = read_files(&j, setup.log_path, e);
	else
		return err_set(e, -EOPNOTSUPP,
			       "configured logging driver does not support reading");
	if (code == DONE)
		return 0;
	if (code < 0 && !(e && e->code))
		return err_code(e, code, "read the log of container %s", c->name);
	return code < 0 ? code : 0;
}
