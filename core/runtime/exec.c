/* SPDX-License-Identifier: Apache-2.0 */
/* A further process in a running container.
 *
 *   exec monitor ── go-between: joins the container's namespaces, gone at once
 *      ├────────── the process (child of the exec monitor by CLONE_PARENT)
 *      └────────── pump
 *
 * Joining a user namespace makes a process undumpable, and its memory belongs to the
 * host's user namespace until exec: whatever capability the container has, it cannot
 * trace the newcomer or reach its descriptors (CVE-2016-9962). */
#include "core/runtime/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/landlock.h"
#include "core/ns/pidfd.h"
#include "core/runtime/joining.h"
#include "core/runtime/launch.h"
#include "core/runtime/order.h"
#include "core/runtime/pump.h"
#include "core/runtime/report.h"
#include "core/runtime/request.h"
#include "core/runtime/setup.h"

#define EXEC_FDS 3 /* init's pidfd, client, request */

/* --- front side ----------------------------------------------------------------------
 */

static int read_setup(int container, struct setup *ret, struct err *e)
{
	autoclose int bundle =
		openat(container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return bundle < 0 ? err_sys(e, "open 'bundle'") : setup_read(bundle, ret, e);
}

int exec_spawn(const struct exec_spawn *x, pid_t *ret_pid, struct err *e)
{
	autodone(setup_done) struct setup s = { 0 };
	struct request_in in = { .process = x->process,
				 .seccomp = x->seccomp,
				 .open_stdin = x->open_stdin,
				 .detach = x->detach,
				 .tag = x->tag };
	char *argv[] = { (char *)"rootless", (char *)"exec", NULL };
	autoclose int init = state_open_init(x->state), request = -1, ours = -1,
		      theirs = -1;
	int pair[2], fds[EXEC_FDS], r;
	pid_t pid;

	if (init < 0)
		return err_set(e, init, "the container is not running");
	r = read_setup(x->container_dirfd, &s, e);
	if (r < 0)
		return r;
	in.keyring = s.new_keyring ? s.id : NULL;
	in.landlock = s.landlock_scopes;
	in.keep_groups = s.keep_groups;
	request = request_write(&in, e);
	if (request < 0)
		return request;
	r = fd_socketpair(SOCK_STREAM, pair);
	if (r < 0)
		return err_code(e, r, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	fds[0] = init;
	fds[1] = theirs;
	fds[2] = request;
	r = launch(x->inner_fd, argv, fds, EXEC_FDS, e);
	theirs = fd_close(theirs);
	if (r < 0)
		return err_wrap(e, "start the exec monitor");
	/* Its first word, before any frame. */
	if (fd_read_full(ours, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		return err_set(e, -EIO, "the exec monitor died");
	if (ret_pid)
		*ret_pid = pid;
	return TAKE_FD(ours);
}

/* --- exec monitor --------------------------------------------------------------------
 */

struct execution {
	struct request request;
	struct client client;
	struct pump pump;
	int init;
	int report, sync;
	pid_t go_between, process, pumping;
	bool told; /* the PID, to the front */
};

static void tell_pid(struct execution *x)
{
	pid_t pid = x->process;

	if (!x->told)
		fd_write_all(x->client.fd, &pid, sizeof(pid));
	x->told = true;
}

static int make_streams(struct execution *x, struct joining *j, struct err *e)
{
	int p[2];

	x->pump.terminal = x->request.process.terminal;
	if (x->pump.terminal || x->request.detach)
		return 0;
	for (int i = x->request.open_stdin ? 0 : 1; i < 3; i++) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		j->stdio[i] = i == 0 ? p[0] : p[1];
		if (i == 0)
			x->pump.in = p[1];
		else
			x->pump.out[i - 1] = p[0];
	}
	/* The end of the client's input is the process's. */
	x->pump.stdin_once = true;
	return 0;
}

static int fork_go_between(struct execution *x, struct joining *j, struct err *e)
{
	int report[2], sync[2];

	if (fd_socketpair(SOCK_SEQPACKET, report) < 0 ||
	    fd_socketpair(SOCK_SEQPACKET, sync) < 0)
		return err_sys(e, "make a socket pair");
	x->go_between = fork();
	if (x->go_between < 0)
		return err_sys(e, "fork");
	if (x->go_between == 0) {
		int keep[] = { x->init,     report[1],   sync[1],
			       j->stdio[0], j->stdio[1], j->stdio[2] };
		struct err why = { 0 };

		fd_close_except(3, keep, ARRAY_LEN(keep));
		j->report = report[1];
		j->sync = sync[1];
		if (joining_run(j, &why) < 0)
			report_error(j->report, REPORT_EXIT_CANNOT, &why);
		_exit(0);
	}
	x->report = report[0];
	x->sync = sync[0];
	fd_close(report[1]);
	fd_close(sync[1]);
	for (int i = 0; i < 3; i++)
		fd_close(j->stdio[i]);
	return 0;
}

/* Reports from sock up to its end. */
static int hear(struct execution *x, int sock, int *ret_exit, struct err *e)
{
	struct report r;
	int fd, n;

	while ((n = report_receive(sock, &r, &fd)) > 0) {
		if (r.kind == REPORT_INIT)
			x->process = r.pid;
		if (r.kind == REPORT_TTY)
			x->pump.out[0] = fd;
		if (r.kind == REPORT_ERROR) {
			*ret_exit = r.exit_code;
			*e = r.e;
			return r.e.code < 0 ? r.e.code : -EIO;
		}
	}
	return n < 0 ? err_code(e, n, "hear from the process") : 0;
}

static unsigned fences(const struct request *q, int differ)
{
	if (!q->landlock)
		return 0;
	return ((differ & CLONE_NEWNET) ? 0 : LANDLOCK_ABSTRACT) |
	       ((differ & CLONE_NEWPID) ? 0 : LANDLOCK_SIGNAL);
}

static int start(struct execution *x, int *ret_exit, struct err *e)
{
	struct joining j = { .init = x->init, .stdio = { -1, -1, -1 } };
	pid_t init = pidfd_pid(x->init);
	struct rlimit nproc = { .rlim_max = RLIM_INFINITY };
	int r = request_read(LAUNCH_FD(2), &x->request, e);

	if (r < 0)
		return r;
	if (init < 0)
		return err_set(e, -ESRCH, "the container is not running");
	r = joining_flags(init, &j.flags, e);
	if (r < 0)
		return r;
	/* The limit on processes holds for exec as well; unknown means none was set. */
	if (prlimit(init, RLIMIT_NPROC, NULL, &nproc) < 0)
		nproc.rlim_max = RLIM_INFINITY;
	j.process = (struct process){
		.p = &x->request.process,
		.bpf = x->request.bpf.len ? x->request.bpf.data : NULL,
		.bpf_len = x->request.bpf.len,
		.pids_limit = nproc.rlim_max == RLIM_INFINITY ? 0 : nproc.rlim_max,
		.landlock = fences(&x->request, j.flags),
		.keep_groups = x->request.keep_groups,
		.keyring = x->request.keyring,
		.tty = -1,
	};
	r = make_streams(x, &j, e);
	if (r < 0)
		return r;
	memcpy(j.process.stdio, j.stdio, sizeof(j.stdio));
	r = fork_go_between(x, &j, e);
	if (r == 0)
		r = hear(x, x->report, ret_exit, e);
	if (r == 0 && x->process <= 0)
		return err_set(e, -EIO, "the process died");
	if (r == 0)
		r = fd_write_all(x->sync, "g", 1);
	return r == 0 ? hear(x, x->sync, ret_exit, e) : r;
}

static int fork_pump(struct execution *x)
{
	int pair[2];

	if (fd_socketpair(SOCK_SEQPACKET, pair) < 0)
		return -errno;
	x->pumping = fork();
	if (x->pumping < 0)
		return -errno;
	if (x->pumping == 0) {
		fd_close(pair[0]);
		fd_close(x->init);
		x->pump.supervisor = pair[1];
		pump_run(&x->pump);
	}
	fd_close(pair[1]);
	client_done(&x->client);
	/* Its closing, by the pump, is the process's end of input. */
	x->pump.in = fd_close(x->pump.in);
	return pair[0];
}

static int await_end(const struct execution *x)
{
	for (;;) {
		siginfo_t i = { 0 };

		if (waitid(P_ALL, 0, &i, WEXITED) < 0) {
			if (errno != EINTR)
				return REPORT_EXIT_FAILED;
			continue;
		}
		if (i.si_pid == x->process)
			return i.si_code == CLD_EXITED ? i.si_status : 128 + i.si_status;
		/* Without a pump nobody reads the process's output any more. */
		if (i.si_pid == x->pumping)
			pidfd_signal(x->pump.process, SIGKILL);
	}
}

static int fail(struct execution *x, int exit_code, const struct err *e)
{
	tell_pid(x);
	client_fail(&x->client, exit_code, e);
	return 1;
}

/* Ended, or ending: it loses its namespaces some time before it can be waited for. */
static bool has_ended(int init)
{
	autoclose int ns = pidfd_open_ns(init, "mnt");

	return ns < 0 || !pidfd_alive(init);
}

static int run(struct execution *x, exec_ended_fn *ended)
{
	uint8_t running = STATE_RUNNING;
	int code = REPORT_EXIT_CANNOT, sock;
	struct err e = { 0 };

	if (start(x, &code, &e) < 0) {
		/* The container's end in the middle shows as any of many errors. */
		if (code == REPORT_EXIT_CANNOT && has_ended(x->init)) {
			code = 1;
			err_set(&e, -ESRCH, "the container is not running");
		}
		return fail(x, code, &e);
	}
	tell_pid(x);
	client_send(&x->client, FRAME_STATUS, &running, 1);
	x->pump.process = pidfd_open(x->process);
	if (x->pump.terminal)
		x->pump.in = fcntl(x->pump.out[0], F_DUPFD_CLOEXEC, 3);
	x->pump.first = &x->client;
	sock = fork_pump(x);
	if (sock < 0) {
		err_set(&e, sock, "start the pump");
		return fail(x, code, &e);
	}
	code = await_end(x);
	order_drain(sock);
	if (ended && x->request.tag)
		ended(x->request.tag, code);
	order_tell(sock, code);
	return 0;
}

int exec_main(int argc, char **argv, exec_ended_fn *ended)
{
	struct execution x = { .init = LAUNCH_FD(0),
			       .report = -1,
			       .sync = -1,
			       .pump = { .in = -1, .out = { -1, -1 }, .listener = -1 } };
	int r;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-exec");
	for (int i = 0; i < EXEC_FDS; i++) {
		if (fd_cloexec(LAUNCH_FD(i), true) < 0)
			return REPORT_EXIT_FAILED;
	}
	client_init(&x.client, LAUNCH_FD(1), true);
	x.client.want = FRAME_WANT_STDIN | FRAME_WANT_STDOUT | FRAME_WANT_STDERR;
	r = run(&x, ended);
	request_done(&x.request);
	return r;
}
