/* SPDX-License-Identifier: Apache-2.0 */
/* The unpack worker: a child that gives up all but one blob and one folder, then reads
 * untrusted bytes. It is forked, not executed: the code is the same and the start is
 * cheap.
 *
 * It drops, in this order: descriptors, the host's user namespace (with it every ID of
 * the host), most capabilities, resource limits, other files and TCP (Landlock), other
 * system calls (seccomp). What it says goes over one socket, in one message at its end;
 * before it, it may ask for slots (store/owners.h), which the parent lends: the worker
 * has no way to the table, and the parent believes nothing but that it is asked for an ID
 * that needs one, so often at most. */
#include "core/image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/image/jail.h"
#include "core/image/layerstream.h"
#include "core/ns/userns.h"
#include "core/store/owners.h"

#define ERRNO_MAX 4095                       /* the kernel's */
#define ASK       1                          /* where an answer has its code */
#define ASKS_MAX  (2 * OWNERS_IMAGE_MAX + 2) /* one more of each is told no */

struct ask {
	int ask; /* ASK */
	uint32_t id, group;
};

struct given {
	int code;
	uint32_t slot;
	char text[ERR_TEXT_MAX];
};

struct unpack {
	pid_t pid;
	int fd; /* questions and the answer */
	const struct store *store;
	int holder;
	unsigned asked;
};

/* --- the child ---------------------------------------------------------------------- */

/* A blob that may still grow while it is read. */
struct follow {
	int fd, more_fd;
	off_t at;
};

static ssize_t follow_read(void *arg, void *p, size_t n)
{
	struct follow *f = arg;
	char drop[256];

	for (;;) {
		ssize_t k = pread(f->fd, p, n, f->at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		if (k > 0) {
			f->at += k;
			return k;
		}
		if (f->more_fd < 0)
			return 0;
		ssize_t more = fd_read(f->more_fd, drop, sizeof(drop));
		if (more < 0)
			return more;
		if (more == 0) /* whole by now: one more look */
			f->more_fd = -1;
	}
}

uint64_t unpack_limit(uint64_t blob_size)
{
	if (blob_size > UINT64_MAX / UNPACK_SIZE_RATIO)
		return UINT64_MAX;
	uint64_t most = blob_size * UNPACK_SIZE_RATIO;
	return most > UNPACK_SIZE_FREE ? most : UNPACK_SIZE_FREE;
}

static int ask_parent(void *arg, bool group, uint32_t id, uint32_t *ret_slot,
		      struct err *e)
{
	const struct ask a = { ASK, id, group };
	struct given g;
	int fd = *(int *)arg;

	if (fd_write_all(fd, &a, sizeof(a)) < 0 ||
	    fd_read_full(fd, &g, sizeof(g)) != (ssize_t)sizeof(g))
		return err_set(e, -EPIPE, "nobody lends an ID");
	if (g.code < 0)
		return err_set(e, g.code, "%s", g.text);
	*ret_slot = g.slot;
	return 0;
}

static int work(const struct unpack_job *job, int out, struct unpack_result *ret,
		struct err *e)
{
	struct follow f = { job->blob_fd, job->more_fd, 0 };
	struct unpack_stream s = {
		.read = follow_read,
		.arg = &f,
		.dirfd = job->dirfd,
		.max = job->tar_size ? job->tar_size : unpack_limit(job->blob_size),
		.diff_id = &job->diff_id,
		.owners = { .lend = job->holder < 0 ? NULL : ask_parent, .arg = &out },
	};
	int r;

	if (job->realm_pidfd >= 0) {
		r = userns_join(job->realm_pidfd, CLONE_NEWUSER, e);
		if (r < 0)
			return r;
	}
	jail_ids(0, &s.owners.uids, &s.owners.gids);
	struct layerstream *l = layerstream_new(&s);
	r = jail_enter(job->dirfd, e);
	if (r == 0)
		r = layerstream_run(l, ret, e);
	layerstream_free(l);
	return r;
}

static void reset_signals(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH
	};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		signal(signals[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* EFBIG says it */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void child(const struct unpack_job *job, int out)
{
	int keep[] = { 2, out, job->blob_fd, job->dirfd, job->more_fd, job->realm_pidfd };
	struct unpack_answer a = { 0 };
	struct err e = { 0 };

	reset_signals();
	fd_close_except(0, keep, ARRAY_LEN(keep));
	a.code = work(job, out, &a.result, &e);
	str_copy(a.text, sizeof(a.text), e.text);
	int r = fd_write_all(out, &a, sizeof(a));
	if (r == 0 && a.code == 0)
		r = fd_write_all(out, a.result.implicit, a.result.implicit_size);
	_exit(r < 0 ? 1 : 0);
}

/* --- the parent --------------------------------------------------------------------- */

int unpack_start(const struct unpack_job *job, struct unpack **ret, struct err *e)
{
	int p[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p))
		return err_sys(e, "start an unpack worker");
	autoclose int in = p[0], out = p[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "start an unpack worker");
	if (pid == 0)
		child(job, out);
	struct unpack *u = mem_new(struct unpack);
	u->pid = pid;
	u->fd = TAKE_FD(in);
	u->store = job->store;
	u->holder = job->holder;
	*ret = u;
	return 0;
}

int unpack_fd(const struct unpack *u)
{
	return u->fd;
}

static int lend(const struct unpack *u, const struct ask *a, uint32_t *ret_slot,
		struct err *e)
{
	struct owners_want w = { .id = a->id, .group = a->group != 0 };
	uint32_t uids, gids;

	jail_ids(u->pid, &uids, &gids);
	w.count = w.group ? gids : uids;
	if (u->holder < 0 || u->asked > ASKS_MAX || w.id == UINT32_MAX ||
	    owners_plain(w.id, w.count))
		return err_set(e, -EINVAL, "ID %u is not lent", w.id);
	return owners_lend(u->store, u->holder, &w, ret_slot, e);
}

int unpack_serve(struct unpack *u)
{
	struct given g = { 0 };
	struct err e = { 0 };
	struct ask a;
	int code = 0;

	if (recv(u->fd, &code, sizeof(code), MSG_PEEK | MSG_WAITALL) != sizeof(code) ||
	    code != ASK)
		return 0;
	if (fd_read_full(u->fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
		return 0;
	u->asked++;
	g.code = lend(u, &a, &g.slot, &e);
	str_copy(g.text, sizeof(g.text), e.text);
	/* To one that has died: its end is found next. */
	(void)!send(u->fd, &g, sizeof(g), MSG_NOSIGNAL);
	return 1;
}

static int read_implicit(int fd, struct unpack_result *r, struct err *e)
{
	uint32_t n = r->implicit_size;

	r->implicit = NULL;
	if (n == 0)
		return 0;
	autofree char *p = n <= UNPACK_IMPLICIT_MAX ? mem_alloc(n) : NULL;
	if (!p || fd_read_full(fd, p, n) != (ssize_t)n || p[n - 1])
		return err_set(e, -ECHILD, "the unpack worker ended early");
	r->implicit = TAKE_PTR(p);
	return 0;
}

int unpack_read_answer(int fd, struct unpack_result *ret, struct err *e)
{
	struct unpack_answer a = { 0 };

	if (fd_read_full(fd, &a, sizeof(a)) != (ssize_t)sizeof(a) || a.code > 0 ||
	    a.code < -ERRNO_MAX)
		return err_set(e, -ECHILD, "the unpack worker ended early");
	if (a.code < 0) {
		a.text[sizeof(a.text) - 1] = 0;
		return a.text[0] ? err_set(e, a.code, "%s", a.text)
				 : err_code(e, a.code, "the unpack worker");
	}
	int r = read_implicit(fd, &a.result, e);
	if (r == 0)
		*ret = a.result;
	return r;
}

int unpack_finish(struct unpack *u, struct unpack_result *ret, struct err *e)
{
	while (unpack_serve(u) > 0)
		;
	int r = unpack_read_answer(u->fd, ret, e);
	int status = spawn_wait(u->pid);

	fd_close(u->fd);
	free(u);
	return r == -ECHILD && status > 128
		       ? err_set(e, r, "the unpack worker was ended by signal %d",
				 status - 128)
		       : r;
}

void unpack_cancel(struct unpack *u)
{
	if (!u)
		return;
	kill(u->pid, SIGKILL);
	spawn_wait(u->pid);
	fd_close(u->fd);
	free(u);
}

int unpack_stream(const struct unpack_stream *s, struct unpack_result *ret, struct err *e)
{
	struct layerstream *l = layerstream_new(s);
	int r = layerstream_run(l, ret, e);

	layerstream_free(l);
	return r;
}
