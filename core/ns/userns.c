/* SPDX-License-Identifier: Apache-2.0 */
/* The realm's namespaces: made by a forked child, joined by pidfd. */
#include "core/ns/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/ns/pidfd.h"

static int64_t sysctl_number(const char *path)
{
	char text[32];
	int64_t v = -1;

	if (file_read_small(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	for (size_t i = 0; text[i]; i++) {
		if (text[i] == '\n')
			text[i] = 0;
	}
	return str_i64(text, 0, INT64_MAX, &v) < 0 ? -1 : v;
}

/* Why a user namespace was refused, and the fix. */
static int explain(int code, struct err *e)
{
	if (sysctl_number("/proc/sys/user/max_user_namespaces") == 0)
		return err_set(e, code,
			       "user namespaces are switched off; let root run: "
			       "sysctl -w user.max_user_namespaces=15000");
	if (sysctl_number("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		return err_set(
			e, code,
			"user namespaces are closed to ordinary users; let root run: "
			"sysctl -w kernel.unprivileged_userns_clone=1");
	if (sysctl_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
		return err_set(
			e, code,
			"AppArmor restricts user namespaces of this program; let root "
			"add a profile for it, or run: "
			"sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
	if (code == -ENOSPC || code == -EUSERS)
		return err_set(
			e, code,
			"too many user namespaces: the limit user.max_user_namespaces "
			"(or the nesting depth of 32) is reached");
	return err_code(e, code, "make a user namespace");
}

/* What the child tells: 0, or its -errno and in which step. */
struct report {
	int code;
	int step;
};
static const char *const step_name[] = { "make a user namespace",
					 "become root of the user namespace",
					 "make a network namespace",
					 "join the realm that was" };

static int take_ids(void)
{
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int become_root(void)
{
	/* -EPERM: setgroups is denied in a single-ID map, and the groups stay. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
	return take_ids();
}

static void tell(int sock, int step, int code)
{
	struct report r = { .code = code, .step = step };

	fd_write_all(sock, &r, sizeof(r));
}

/* In the child, which is in its namespaces by now. */
static void run_inside(int sock, int (*run)(void *), void *arg)
{
	/* Joining by pidfd asks for ptrace access, which a process that is not dumpable
	 * refuses to the user outside. Nobody inside has it: that takes the
	 * capabilities of this namespace, and containers have namespaces of their own. */
	prctl(PR_SET_DUMPABLE, 1);
	tell(sock, 1, 0);
	fd_close(sock);
	_exit(run(arg));
}

static void child(int sock, int (*run)(void *), void *arg)
{
	char go;
	int r;

	if (unshare(CLONE_NEWUSER) < 0) {
		tell(sock, 0, -errno);
		_exit(1);
	}
	tell(sock, 0, 0);
	/* The maps are written from outside. */
	if (fd_read_full(sock, &go, 1) != 1)
		_exit(1);
	r = become_root();
	if (r < 0) {
		tell(sock, 1, r);
		_exit(1);
	}
	if (unshare(CLONE_NEWNET) < 0) {
		tell(sock, 2, -errno);
		_exit(1);
	}
	run_inside(sock, run, arg);
}

static void rejoining_child(int sock, int netns, int (*run)(void *), void *arg)
{
	int owner = ioctl(netns, NS_GET_USERNS), r;

	if (owner < 0 || setns(owner, CLONE_NEWUSER) < 0 ||
	    setns(netns, CLONE_NEWNET) < 0) {
		tell(sock, 3, -errno);
		_exit(1);
	}
	fd_close(owner);
	r = become_root();
	if (r < 0) {
		tell(sock, 1, r);
		_exit(1);
	}
	run_inside(sock, run, arg);
}

static int expect(int sock, struct err *e)
{
	struct report r;

	if (fd_read_full(sock, &r, sizeof(r)) != sizeof(r))
		return err_set(e, -EIO, "the realm's first process died");
	if (r.code == 0)
		return 0;
	if (r.step == 0)
		return explain(r.code, e);
	return err_code(e, r.code, "%s", step_name[r.step]);
}

/* What the child of a spawn is to be. */
struct spawning {
	int netns; /* it joins this one; -1: it makes a new realm */
	int (*run)(void *);
	void *arg;
};

/* The child, up to what it says first: a pidfd, and the socket to it. */
static int begin(const struct spawning *s, pid_t *ret_pid, int *ret_sock, struct err *e)
{
	int pair[2], r = fd_socketpair(SOCK_STREAM, pair);

	*ret_pid = -1;
	if (r < 0)
		return err_code(e, r, "make a socket pair");
	*ret_sock = pair[0];
	*ret_pid = fork();
	if (*ret_pid == 0) {
		fd_close(pair[0]);
		if (s->netns >= 0)
			rejoining_child(pair[1], s->netns, s->run, s->arg);
		child(pair[1], s->run, s->arg);
	}
	fd_close(pair[1]);
	if (*ret_pid < 0)
		return err_sys(e, "fork");
	autoclose int pidfd = pidfd_open(*ret_pid);
	r = pidfd < 0 ? err_code(e, pidfd, "open a pidfd") : expect(pair[0], e);
	return r < 0 ? r : TAKE_FD(pidfd);
}

/* r: 0, or why the child is to go. */
static int end(int r, int pidfd, pid_t pid, pid_t *ret_pid)
{
	if (r == 0) {
		if (ret_pid)
			*ret_pid = pid;
		return pidfd;
	}
	fd_close(pidfd);
	if (pid > 0) {
		kill(pid, SIGKILL);
		spawn_wait(pid);
	}
	return r;
}

int userns_spawn(const struct idmap *uid, const struct idmap *gid, int (*main)(void *),
		 void *arg, pid_t *ret_pid, struct err *e)
{
	const struct spawning s = { -1, main, arg };
	autoclose int sock = -1;
	pid_t pid;
	int pidfd = begin(&s, &pid, &sock, e), r = pidfd < 0 ? pidfd : 0;

	if (r == 0)
		r = idmap_write(pid, uid, gid, e);
	if (r == 0)
		r = fd_write_all(sock, "g", 1);
	if (r == 0)
		r = expect(sock, e);
	return end(r, pidfd, pid, ret_pid);
}

int userns_respawn(int netns_fd, int (*main)(void *), void *arg, pid_t *ret_pid,
		   struct err *e)
{
	const struct spawning s = { netns_fd, main, arg };
	autoclose int sock = -1;
	pid_t pid;
	int pidfd = begin(&s, &pid, &sock, e);

	return end(pidfd < 0 ? pidfd : 0, pidfd, pid, ret_pid);
}

/* What a child answers over its pipe. */
struct answer {
	int result;
	struct err e;
};

/* Stays outside, where the right to write the maps is. */
static void write_maps(int sock, pid_t pid, const struct idmap *uid,
		       const struct idmap *gid)
{
	struct answer a = { 0 };
	char go;

	if (fd_read_full(sock, &go, 1) != 1)
		_exit(1);
	a.result = idmap_write(pid, uid, gid, &a.e);
	fd_write_all(sock, &a, sizeof(a));
	_exit(0);
}

int userns_enter(const struct idmap *uid, const struct idmap *gid, struct err *e)
{
	struct answer a = { .result = -EIO };
	int pair[2], r = fd_socketpair(SOCK_STREAM, pair);
	pid_t self = getpid(), pid;
	autoclose int sock = r < 0 ? -1 : pair[0];

	if (r < 0)
		return err_code(e, r, "make a socket pair");
	pid = fork();
	if (pid == 0) {
		fd_close(pair[0]);
		write_maps(pair[1], self, uid, gid);
	}
	fd_close(pair[1]);
	if (pid < 0)
		return err_sys(e, "fork");
	/* Who came from another namespace is undumpable, and its maps nobody's to write.
	 */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER) < 0) {
		r = explain(-errno, e);
	} else if (fd_write_all(sock, "g", 1) < 0 ||
		   fd_read_full(sock, &a, sizeof(a)) != (ssize_t)sizeof(a)) {
		r = err_set(e, -EIO, "the writer of the ID maps died");
	} else if (a.result < 0) {
		if (e)
			*e = a.e;
		r = a.result;
	}
	sock = fd_close(sock);
	spawn_wait(pid);
	if (r < 0)
		return r;
	r = become_root();
	return r < 0 ? err_code(e, r, "become root of the user namespace") : 0;
}

int userns_join(int pidfd, int flags, struct err *e)
{
	int r = pidfd_setns(pidfd, flags);

	if (r < 0)
		return err_code(e, r, "join the realm");
	r = become_root();
	return r < 0 ? err_code(e, r, "become root of the realm") : 0;
}

int userns_join_grouped(int pidfd, int flags, struct err *e)
{
	int r = pidfd_setns(pidfd, flags);

	if (r < 0)
		return err_code(e, r, "join the realm");
	r = take_ids();
	return r < 0 ? err_code(e, r, "become root of the realm") : 0;
}

static void call_child(int pidfd, int flags, int (*fn)(void *arg, struct err *e),
		       void *arg, int out)
{
	struct answer a = { 0 };

	a.result = userns_join(pidfd, flags, &a.e);
	if (a.result == 0)
		a.result = fn(arg, &a.e);
	fd_write_all(out, &a, sizeof(a));
	_exit(0);
}

int userns_call(int pidfd, int flags, int (*fn)(void *arg, struct err *e), void *arg,
		struct err *e)
{
	struct answer a = { 0 };
	int p[2];
	ssize_t got;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = fork();
	if (pid < 0) {
		int r = err_sys(e, "fork");

		fd_close(p[0]);
		fd_close(p[1]);
		return r;
	}
	if (pid == 0) {
		fd_close(p[0]);
		call_child(pidfd, flags, fn, arg, p[1]);
	}
	fd_close(p[1]);
	got = fd_read_full(p[0], &a, sizeof(a));
	fd_close(p[0]);
	spawn_wait(pid);
	if (got != (ssize_t)sizeof(a))
		return err_set(e, -EIO, "a process in the realm died");
	if (a.result < 0 && e)
		*e = a.e;
	return a.result;
}
