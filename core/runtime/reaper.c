/* SPDX-License-Identifier: Apache-2.0 */
/* --init. */
#include "core/runtime/reaper.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/runtime/process.h"
#include "core/runtime/report.h"

static int code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Everything that has ended; the payload's code, or -1 while it runs. */
static int reap(pid_t payload)
{
	int code = -1, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == payload)
			code = code_of(status);
	}
	return code;
}

/* Signals of the kernel's own making are not passed on: they are about this process. */
static bool forwarded(int signo)
{
	return signo != SIGCHLD && signo != SIGTTIN && signo != SIGTTOU &&
	       signo != SIGTSTP;
}

static void serve(pid_t payload, const sigset_t *all)
{
	for (;;) {
		int signo, code;

		if (sigwait(all, &signo) != 0)
			continue;
		if (forwarded(signo))
			kill(payload, signo);
		if (signo != SIGCHLD)
			continue;
		code = reap(payload);
		/* As PID 1 goes, the kernel ends all others. */
		if (code >= 0)
			_exit(code);
	}
}

static void run_payload(const struct rt_process *p, int sync_fd, const sigset_t *before)
{
	struct err e = { 0 };
	int code;

	setsid();
	if (isatty(0))
		ioctl(0, TIOCSCTTY, 0);
	sigprocmask(SIG_SETMASK, before, NULL);
	code = process_exec(p, &e);
	report_error(sync_fd, code, &e);
	_exit(code);
}

int reaper_run(const struct rt_process *p, int sync_fd, struct err *e)
{
	sigset_t all, before;
	pid_t pid;

	prctl(PR_SET_NAME, "rootless-init");
	/* In a PID namespace that is shared, or the host's, it is not PID 1. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid < 0) {
		err_sys(e, "fork");
		return REPORT_EXIT_CANNOT;
	}
	if (pid == 0)
		run_payload(p, sync_fd, &before);
	/* The host's user joins the container through this process (exec), which has
	 * changed its IDs and was executed outside: nobody could look at it. There is
	 * nothing in it that the payload has not. */
	prctl(PR_SET_DUMPABLE, 1);
	fd_close(sync_fd);
	for (int fd = 0; fd < 3; fd++)
		fd_close(fd);
	serve(pid, &all);
	return 0;
}
