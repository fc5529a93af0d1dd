/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a process of the inner executable. */
#include "core/runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/strv.h"

#define STACK (64u << 10)

static void pick_environment(struct strv *env)
{
	static const char *const keys[] = { "HOME",
					    "PATH",
					    "TZ",
					    "TMPDIR",
					    "XDG_RUNTIME_DIR",
					    "XDG_DATA_HOME",
					    "XDG_CONFIG_HOME",
#ifdef SANITIZED
					    "ASAN_OPTIONS",
					    "UBSAN_OPTIONS",
#endif
					    "ROOTLESS_CONFIG",
					    "ROOTLESS_DATA" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *v = getenv(keys[i]);

		if (v)
			strv_setenv(env, keys[i], v);
	}
}

struct start {
	int inner_fd;
	char *const *argv;
	char *const *env;
	const int *fds;
	size_t n;
	int code; /* -errno */
};

/* In the child, which shares the parent's memory but not its descriptors. */
static int place(struct start *s)
{
	int high[LAUNCH_FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Above every place that is filled below. */
	int above = LAUNCH_FD((int)s->n);
	int inner = fcntl(s->inner_fd, F_DUPFD_CLOEXEC, above);

	if (null < 0 || inner < 0)
		return -errno;
	/* First up and out of each other's way, then down into place. */
	for (size_t i = 0; i < s->n; i++) {
		high[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, above);
		if (high[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(null, i) < 0)
			return -errno;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (dup2(high[i], LAUNCH_FD((int)i)) < 0)
			return -errno;
	}
	/* What the caller's caller left open without close-on-exec. */
	syscall(SYS_close_range, LAUNCH_FD((int)s->n), ~0u, CLOSE_RANGE_CLOEXEC);
	return inner;
}

static int child(void *arg)
{
	struct start *s = arg;
	sigset_t none;
	int inner;

	setsid();
	sigemptyset(&none);
	inner = place(s);
	if (inner < 0) {
		s->code = inner;
		_exit(127);
	}
	sigprocmask(SIG_SETMASK, &none, NULL);
	syscall(SYS_execveat, inner, "", s->argv, s->env, AT_EMPTY_PATH);
	s->code = -errno;
	_exit(127);
}

int launch(int inner_fd, char *const argv[], const int *fds, size_t n, struct err *e)
{
	autostrv env = { 0 };
	autofree char *stack = mem_alloc(STACK);
	struct start s = { .inner_fd = inner_fd, .argv = argv, .fds = fds, .n = n };
	int reaper = 0;
	pid_t pid;

	if (n > LAUNCH_FDS_MAX)
		return err_set(e, -E2BIG, "too many descriptors");
	pick_environment(&env);
	s.env = strv_view(&env);
	/* A monitor ends what is left below it when its container ends: what it starts
	 * for all containers is not to be found there. */
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	pid = clone(child, stack + STACK,
		    CLONE_VM | CLONE_VFORK | (reaper ? CLONE_PARENT : 0) | SIGCHLD, &s);
	if (pid < 0)
		return err_sys(e, "fork");
	if (s.code < 0) {
		waitpid(pid, NULL, 0);
		return err_code(e, s.code, "run the inner executable");
	}
	return pid;
}

int launch_serving(int inner_fd, char *const argv[], int *fds, size_t n, struct err *e)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_sys(e, "pipe");
	autoclose int ready = ends[0];
	fds[2] = ends[1];
	pid = launch(inner_fd, argv, fds, n, e);
	fd_close(ends[1]);
	if (pid < 0 || fd_read(ready, &byte, 1) == 1)
		return pid;
	/* It has ended. */
	waitpid(pid, NULL, 0);
	return err_set(e, -EIO, "the network process died while it started");
}
