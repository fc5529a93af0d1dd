/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor: the supervisor of one container.
 *
 *   monitor ── setup process (builder.c), gone when the container stands
 *      ├────── init = the payload (child of the monitor by CLONE_PARENT)
 *      └────── pump (pump.c): log and attach clients, confined
 *
 * It holds the container's lock, the realm's lock and published listeners, waits, and
 * writes down the end. It reads no byte of the container. Should the pump die, the next
 * one goes on; should the monitor die, the pump ends the container. */
#include "core/runtime/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/ns/pidfd.h"
#include "core/ns/pty.h"
#include "core/runtime/builder.h"
#include "core/runtime/launch.h"
#include "core/runtime/meeting.h"
#include "core/runtime/order.h"
#include "core/runtime/pump.h"
#include "core/runtime/report.h"
#include "core/runtime/vigil.h"

#define PUMPS_MAX 100 /* a pump that dies this often will not do better */

struct monitor {
	int container, sockets, realm;
	int kept[MONITOR_KEEP_MAX];
	size_t kept_len;
	const struct monitor_hooks *hooks;
	struct setup setup; /* only until the payload runs */
	struct state state;
	struct client client;
	struct logfile log;
	struct pump pump;
	int lock;
	struct meeting meet;
	int stdio[3];   /* init's ends */
	int network;    /* what network_open gave, or -1 */
	int process;    /* pidfd of init */
	int supervisor; /* to the pump */
	pid_t builder, pumping;
	bool auto_remove;
};

static int lock(struct monitor *m, struct err *e)
{
	m->lock = file_lock(m->container, STATE_LOCK, true, false);
	if (m->lock == -EWOULDBLOCK)
		return err_set(e, -EBUSY, "the container is already running");
	return m->lock < 0 ? err_code(e, m->lock, "lock the container") : 0;
}

static int listen_attach(struct monitor *m, struct err *e)
{
	/* The lock is ours, so a socket that is there is a dead monitor's. */
	unlinkat(m->sockets, MONITOR_SOCKET, 0);
	m->pump.listener = fd_unix_listen(m->sockets, MONITOR_SOCKET, SOCK_STREAM);
	if (m->pump.listener < 0)
		return err_code(e, m->pump.listener, "listen for attach clients");
	return 0;
}

static int read_setup(struct monitor *m, struct err *e)
{
	autoclose int bundle =
		openat(m->container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return err_sys(e, "open 'bundle'");
	return setup_read(bundle, &m->setup, e);
}

static int open_log(struct monitor *m, struct err *e)
{
	const struct setup *s = &m->setup;
	int r;

	if (str_empty(s->log_driver) || str_eq(s->log_driver, "none"))
		return 0;
	if (!str_eq(s->log_driver, "json-file"))
		return err_set(e, -EINVAL, "log driver '%s' is unknown", s->log_driver);
	if (str_empty(s->log_path))
		return err_set(e, -EINVAL, "the log has no path");
	r = logfile_open(&m->log, s->log_path, s->log_max_size, s->log_max_files, e);
	if (r < 0)
		return r;
	m->pump.log = &m->log;
	return 0;
}

/* reader 0: the pump's end is for writing (stdin). */
static int make_pipe(int *pump_end, int *init_end, bool to_init, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	*pump_end = to_init ? p[1] : p[0];
	*init_end = to_init ? p[0] : p[1];
	return 0;
}

static int make_streams(struct monitor *m, struct err *e)
{
	m->pump.terminal = m->setup.terminal;
	m->pump.stdin_once = m->setup.stdin_once;
	if (m->setup.terminal)
		return 0;
	if (m->setup.open_stdin && make_pipe(&m->pump.in, &m->stdio[0], true, e) < 0)
		return e->code;
	for (int i = 0; i < 2; i++) {
		if (make_pipe(&m->pump.out[i], &m->stdio[i + 1], false, e) < 0)
			return e->code;
	}
	return 0;
}

static int fork_builder(struct monitor *m, struct err *e)
{
	int report[2], sync[2];
	struct builder b = { .setup = &m->setup,
			     .container_dirfd = m->container,
			     .realm_pidfd = m->realm,
			     .hooks = m->hooks };

	if (fd_socketpair(SOCK_SEQPACKET, report) < 0 ||
	    fd_socketpair(SOCK_SEQPACKET, sync) < 0)
		return err_sys(e, "make a socket pair");
	b.report = report[1];
	b.sync = sync[1];
	for (int i = 0; i < 3; i++)
		b.stdio[i] = m->stdio[i];
	m->builder = fork();
	if (m->builder < 0)
		return err_sys(e, "fork");
	if (m->builder == 0)
		_exit(builder_run(&b));
	m->meet.report = report[0];
	m->meet.sync = sync[0];
	fd_close(report[1]);
	fd_close(sync[1]);
	for (int i = 0; i < 3; i++)
		m->stdio[i] = fd_close(m->stdio[i]);
	return 0;
}

static int release(struct monitor *m, struct err *e)
{
	m->process = pidfd_open(m->meet.init);
	if (m->process < 0)
		return err_code(e, m->process, "open a pidfd");
	if (m->pump.terminal) {
		m->pump.out[0] = m->meet.master;
		pty_resize(m->pump.out[0], m->meet.rows, m->meet.cols);
		m->pump.in = fcntl(m->pump.out[0], F_DUPFD_CLOEXEC, 3);
	}
	return meeting_release(&m->meet, e);
}

static int make(struct monitor *m, struct err *e)
{
	int r = lock(m, e);

	if (r == 0)
		r = read_setup(m, e);
	if (r == 0)
		r = make_streams(m, e);
	if (r == 0)
		r = fork_builder(m, e);
	/* While that works: */
	if (r == 0)
		r = listen_attach(m, e);
	if (r == 0)
		r = open_log(m, e);
	if (r == 0 && m->hooks && m->hooks->network_open) {
		r = m->hooks->network_open(&m->setup, m->kept, m->kept_len, e);
		m->network = r > 0 ? r : -1;
	}
	if (r >= 0)
		r = meeting_await(&m->meet, e);
	return r < 0 ? r : release(m, e);
}

/* --- running -------------------------------------------------------------------------
 */

static void note_running(struct monitor *m)
{
	struct state old;

	/* Counters of earlier runs stay. */
	if (state_read(m->container, &old, NULL) == 0)
		m->state.restart_count = old.restart_count;
	m->state.status = STATE_RUNNING;
	m->state.pid = m->meet.init;
	m->state.monitor_pid = getpid();
	m->state.started = time_now();
	pidfd_start_time(m->meet.init, &m->state.pid_start);
	state_boot_id(m->state.boot_id);
}

static int fork_pump(struct monitor *m)
{
	int pair[2];

	if (fd_socketpair(SOCK_SEQPACKET, pair) < 0)
		return -errno;
	m->pumping = fork();
	if (m->pumping < 0) {
		fd_close(pair[0]);
		fd_close(pair[1]);
		return -errno;
	}
	if (m->pumping == 0) {
		fd_close(pair[0]);
		/* Locks and listeners must go when the monitor goes. */
		fd_close(m->lock);
		fd_close(m->network);
		fd_close(m->realm);
		fd_close(m->sockets);
		fd_close(m->container);
		for (size_t i = 0; i < m->kept_len; i++)
			fd_close(m->kept[i]);
		m->pump.supervisor = pair[1];
		m->pump.process = m->process;
		pump_run(&m->pump);
	}
	fd_close(pair[1]);
	fd_close(m->supervisor);
	m->supervisor = pair[0];
	/* The pump's alone now: their closing must be seen. A later pump starts without.
	 */
	client_done(&m->client);
	m->pump.first = NULL;
	if (!m->pump.terminal)
		m->pump.in = fd_close(m->pump.in);
	return 0;
}

/* The next pump's log, as the dead one left it. */
static void renew_pump(struct monitor *m)
{
	struct setup s = { 0 };
	autoclose int bundle =
		openat(m->container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (m->pump.log) {
		logfile_done(&m->log);
		m->pump.log = NULL;
	}
	if (setup_read(bundle, &s, NULL) == 0) {
		m->setup = s;
		open_log(m, NULL);
		setup_done(&m->setup);
	}
	fork_pump(m);
}

/* The stack has died: the next one takes the container in, as setup.json has it. */
static int renew_network(void *arg)
{
	struct monitor *m = arg;
	struct setup s = { 0 };
	struct err e = { 0 };
	autoclose int bundle =
		openat(m->container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = setup_read(bundle, &s, &e);

	if (r == 0)
		r = m->hooks->network_open(&s, m->kept, m->kept_len, &e);
	setup_done(&s);
	return r;
}

/* Waits for init; the exit code as a shell counts it. */
static int await_end(struct monitor *m)
{
	struct vigil vigil;
	int pumps = 0;

	vigil_init(&vigil, renew_network, m);
	for (;;) {
		siginfo_t i = { 0 };

		if (waitid(P_ALL, 0, &i, WEXITED | WNOHANG) < 0 && errno != EINTR)
			return REPORT_EXIT_FAILED;
		if (!i.si_pid) {
			vigil_await(&vigil, &m->network);
			continue;
		}
		if (i.si_pid == m->meet.init)
			return i.si_code == CLD_EXITED ? i.si_status : 128 + i.si_status;
		if (i.si_pid != m->pumping)
			continue; /* the setup process; an orphan of a host PID namespace
				   */
		if (++pumps < PUMPS_MAX)
			renew_pump(m);
		else
			pidfd_signal(m->process, SIGKILL);
	}
}

/* Waits for one child, and takes whoever else ends meanwhile: the init of a PID namespace
 * is not gone before every process in it has been reaped, and some of those are our
 * children once the setup process was killed. */
static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, WNOHANG) == 0)
		if (waitpid(-1, NULL, 0) < 0 && errno != EINTR)
			return;
}

/* Without a PID namespace of its own a container's other processes outlive init; as our
 * children (we are their reaper) they are found. */
static void end_orphans(struct monitor *m)
{
	char text[4096], path[64];
	bool again = true;

	str_print(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	while (again && file_read_small(AT_FDCWD, path, text, sizeof(text)) >= 0) {
		autostrv pids = { 0 };

		again = false;
		strv_split(&pids, text, ' ');
		for (size_t i = 0; i < pids.len; i++) {
			int64_t pid;

			if (str_i64(pids.v[i], 2, INT32_MAX, &pid) < 0 ||
			    pid == m->pumping)
				continue;
			kill((pid_t)pid, SIGKILL);
			reap((pid_t)pid);
			again = true;
		}
	}
}

static void finish(struct monitor *m, int code)
{
	autoclose int bundle = -1;
	struct setup s = { 0 };
	struct err e = { 0 };

	end_orphans(m);
	/* All of the log is on disk before anyone can see the container as exited. */
	order_drain(m->supervisor);
	m->state.status = STATE_EXITED;
	m->state.pid = 0;
	m->state.monitor_pid = 0;
	m->state.exit_code = code;
	m->state.finished = time_now();
	/* On a full disk the old state stays, and the next command sees by the lock and
	 * the boot ID that it is not true any more. */
	state_write(m->container, &m->state, &e);
	bundle = openat(m->container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (m->hooks && m->hooks->exited && setup_read(bundle, &s, &e) == 0) {
		m->hooks->exited(&s, &m->state);
		setup_done(&s);
	}
	unlinkat(m->sockets, MONITOR_SOCKET, 0);
	/* Who hears of the end may start it again at once. */
	m->lock = fd_close(m->lock);
	order_tell(m->supervisor, code);
	/* Nobody waits for the disk. */
	if (!m->auto_remove)
		state_sync(m->container);
	else if (m->hooks && m->hooks->ended)
		m->hooks->ended(m->container, m->realm);
}

static int fail(struct monitor *m, int code, const struct err *e)
{
	struct state old;

	m->meet.sync = fd_close(m->meet.sync);
	if (m->meet.init > 0) {
		kill(m->meet.init, SIGKILL);
		reap(m->meet.init);
	}
	/* -EBUSY: it is another monitor's container, and state. */
	if (m->lock >= 0) {
		if (state_read(m->container, &old, NULL) < 0)
			old = (struct state){ .status = STATE_CREATED };
		old.pid = 0;
		old.monitor_pid = 0;
		old.exit_code = code;
		if (old.status == STATE_RUNNING)
			old.status = STATE_EXITED;
		str_print(old.error, sizeof(old.error), "%s", e->text);
		state_write(m->container, &old, NULL);
		unlinkat(m->sockets, MONITOR_SOCKET, 0);
	}
	m->lock = fd_close(m->lock);
	client_fail(&m->client, code, e);
	return 1;
}

static int take_arguments(struct monitor *m, int argc, char **argv)
{
	uint64_t n;
	int client;

	if (argc != 3 || str_u64(argv[2], MONITOR_KEEP_MAX, &n) < 0)
		return -EINVAL;
	m->container = LAUNCH_FD(0);
	m->sockets = LAUNCH_FD(1);
	m->realm = LAUNCH_FD(2);
	client = LAUNCH_FD(3);
	m->kept_len = (size_t)n;
	for (size_t i = 0; i < m->kept_len; i++)
		m->kept[i] = LAUNCH_FD(4 + (int)i);
	for (int fd = LAUNCH_FD(0); fd < LAUNCH_FD(4 + (int)n); fd++) {
		if (fd_cloexec(fd, true) < 0)
			return -EBADF;
	}
	client_init(&m->client, client, true);
	return 0;
}

int monitor_main(int argc, char **argv, const struct monitor_hooks *hooks)
{
	struct monitor m = { .hooks = hooks,
			     .lock = -1,
			     .meet = { .client = &m.client,
				       .report = -1,
				       .sync = -1,
				       .master = -1,
				       .exit_code = REPORT_EXIT_FAILED },
			     .stdio = { -1, -1, -1 },
			     .network = -1,
			     .process = -1,
			     .supervisor = -1,
			     .log = { .fd = -1, .dir = -1 },
			     .pump = { .in = -1, .out = { -1, -1 }, .listener = -1 } };
	uint8_t running = STATE_RUNNING;
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-mon");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (take_arguments(&m, argc, argv) < 0)
		return REPORT_EXIT_FAILED;
	if (make(&m, &e) < 0)
		return fail(&m, m.meet.exit_code, &e);
	note_running(&m);
	if (state_write(m.container, &m.state, &e) < 0)
		return fail(&m, REPORT_EXIT_FAILED, &e);
	client_send(&m.client, FRAME_STATUS, &running, 1);
	m.pump.first = &m.client;
	if (fork_pump(&m) < 0) {
		err_set(&e, -EAGAIN, "start the pump");
		return fail(&m, REPORT_EXIT_FAILED, &e);
	}
	if (hooks && hooks->started)
		hooks->started(&m.setup, &m.state);
	m.auto_remove = m.setup.auto_remove;
	setup_done(&m.setup);
	prctl(PR_SET_DUMPABLE, 0);
	finish(&m, await_end(&m));
	return 0;
}
