/* SPDX-License-Identifier: Apache-2.0 */
/* The unpack worker: a child that gives up all but one blob and one folder, then reads
 * untrusted bytes. It is forked, not executed: the code is the same and the start is
 * cheap.
 *
 * It drops, in this order: descriptors, the host's user namespace (with it every ID of
 * the host), most capabilities, resource limits, other files and TCP (Landlock), other
 * system calls (seccomp). What it says goes over one pipe, in one message. */
#include "core/image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/image/jail.h"
#include "core/image/layerstream.h"
#include "core/ns/userns.h"

#define ERRNO_MAX 4095 /* the kernel's */

struct unpack {
	pid_t pid;
	int fd; /* the answer */
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

static int work(const struct unpack_job *job, struct unpack_result *ret, struct err *e)
{
	struct follow f = { job->blob_fd, job->more_fd, 0 };
	struct unpack_stream s = {
		.read = follow_read,
		.arg = &f,
		.dirfd = job->dirfd,
		.max = job->tar_size ? job->tar_size : unpack_limit(job->blob_size),
		.diff_id = &job->diff_id,
		.ids = UINT32_MAX,
	};
	int r;

	if (job->realm_pidfd >= 0) {
		r = userns_join(job->realm_pidfd, CLONE_NEWUSER, e);
		if (r < 0)
			return r;
	}
	s.ids = jail_ids();
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
	a.code = work(job, &a.result, &e);
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

	if (pipe2(p, O_CLOEXEC))
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
	*ret = u;
	return 0;
}

int unpack_fd(const struct unpack *u)
{
	return u->fd;
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
