/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor: the supervisor of one container.
 *
 *   monitor ── setup process (builder.c), gone when the container stands
 *      ├────── init = the payload (child of the monitor by CLONE_PARENT)
 *      └────── pump (pump.c): log and attach clients, confined
 *
 * It holds the container's lock, the connection to the keeper and published listeners,
 * waits, and writes down the end. It reads no byte of the container; the pump is started
 * and confined while the container is being made, so that no start waits for it. Should
 * the pump die, the next one goes on, and so do the next keeper and the next stack;
 * should the monitor die, the pump ends the container.
 *
 * A container with a restart policy has one monitor for all of its runs (rerun.c). */
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
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/ns/pidfd.h"
#include "core/ns/pty.h"
#include "core/runtime/bidding.h"
#include "core/runtime/launch.h"
#include "core/runtime/order.h"
#include "core/runtime/report.h"
#include "core/runtime/rerun.h"
#include "core/runtime/watchman.h"

#define DISMISSED_NS 10000000000ll

static int lock(struct monitoring *m, struct err *e)
{
	m->lock = file_lock(m->container, STATE_LOCK, true, false);
	if (m->lock == -EWOULDBLOCK)
		return err_set(e, -EBUSY, "the container is already running");
	return m->lock < 0 ? err_code(e, m->lock, "lock the container") : 0;
}

static int listen_attach(struct monitoring *m, struct err *e)
{
	/* The lock is ours, so a socket that is there is a dead monitor's. */
	unlinkat(m->sockets, MONITOR_SOCKET, 0);
	m->pump.listener = fd_unix_listen(m->sockets, MONITOR_SOCKET, SOCK_STREAM);
	if (m->pump.listener < 0)
		return err_code(e, m->pump.listener, "listen for attach clients");
	return 0;
}

static int open_bidding(struct monitoring *m, struct err *e)
{
	m->control = bidding_open(m->container);
	return m->control < 0 ? err_code(e, m->control, "make the monitor's fifo") : 0;
}

static int release(struct monitoring *m, struct err *e)
{
	int r = monitoring_hold_init(m, e);

	if (r < 0)
		return r;
	if (m->pump.terminal)
		pty_resize(m->meet.master, m->meet.rows, m->meet.cols);
	/* From here on our death is the payload's. */
	if (order_guard(m->supervisor, m->process) < 0)
		return err_set(e, -EAGAIN, "the pump has died");
	return meeting_release(&m->meet, e);
}

static int prepare(struct monitoring *m, struct err *e)
{
	int r = lock(m, e);

	if (r == 0)
		r = monitoring_read_setup(m, &m->setup, e);
	if (r == 0)
		r = restart_parse(m->setup.restart, &m->policy, e);
	m->keeps_stdio = m->policy.kind != RESTART_NO;
	if (r == 0)
		r = monitoring_make_streams(m, e);
	return r;
}

static int make(struct monitoring *m, struct err *e)
{
	int r = prepare(m, e);

	if (r == 0)
		r = monitoring_fork_builder(m, e);
	/* While that works: */
	if (r == 0)
		r = listen_attach(m, e);
	if (r == 0)
		r = open_bidding(m, e);
	if (r == 0)
		r = monitoring_open_log(m, e);
	if (r == 0)
		r = monitoring_fork_pump(m, e);
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

/* The keeper has died: the next one takes its place. The stack has died: the next one
 * takes the container in, as setup.json has it. Or both, each of them by its own. */
static int renew_network(void *arg)
{
	struct monitoring *m = arg;
	struct setup s = { 0 };
	struct err e = { 0 };
	int r = monitoring_read_setup(m, &s, &e);

	if (r == 0 && m->hooks->recover)
		r = m->hooks->recover(&s, m->realm, m->kept, &e);
	if (r == 0 && m->network < 0)
		r = m->hooks->network_open(&s, m->kept, m->kept_len, &e);
	else if (r == 0 || r == -ESRCH)
		r = m->network < 0 ? 0 : m->network;
	setup_done(&s);
	return r;
}

/* SIGTERM: the host goes down, or systemd ends this user's units. Then the payload has
 * been told so too; its end is written down, and no other run follows until someone
 * starts it again (`start --restarted` does). */
static void heed_dismissal(struct monitoring *m)
{
	int64_t now = time_monotonic();

	if (!m->vigil.dismissed)
		return;
	if (!m->vigil.end)
		m->vigil.end = now + DISMISSED_NS;
	if (now < m->vigil.end)
		return;
	pidfd_signal(m->process, SIGKILL);
	m->vigil.end = INT64_MAX;
}

/* Waits for init; the exit code as a shell counts it. */
static int await_end(struct monitoring *m)
{
	for (;;) {
		siginfo_t i = { 0 };

		rerun_listen(m);
		monitoring_look_at_group(m);
		heed_dismissal(m);
		m->vigil.pressure = m->group.events;
		if (waitid(P_ALL, 0, &i, WEXITED | WNOHANG) < 0 && errno != EINTR)
			return REPORT_EXIT_FAILED;
		watchman_look(m);
		if (!i.si_pid)
			vigil_await(&m->vigil, &m->network);
		else if (watchman_heard(m, i.si_pid, i.si_status))
			continue;
		else if (i.si_pid == m->meet.init)
			return i.si_code == CLD_EXITED ? i.si_status : 128 + i.si_status;
		else if (i.si_pid == m->pumping)
			monitoring_renew_pump(m);
		/* else the setup process, or an orphan of a host PID namespace */
	}
}

static void leave_network(struct monitoring *m)
{
	if (m->hooks && m->hooks->network_close)
		m->hooks->network_close(m->kept, m->kept_len);
	m->network = fd_close(m->network);
}

/* told: everyone knows of the end of the last run. */
static void finish(struct monitoring *m, int code, bool told)
{
	struct setup s = { 0 };

	watchman_end(m);
	monitoring_end_orphans(m);
	monitoring_leave_group(m);
	/* All of the log is on disk before anyone can see the container as exited. */
	order_drain(m->supervisor);
	leave_network(m);
	m->state.status = STATE_EXITED;
	m->state.pid = 0;
	m->state.monitor_pid = 0;
	m->state.exit_code = code;
	m->state.stopped = m->stopped;
	if (!told)
		m->state.finished = time_now();
	/* On a full disk the old state stays, and the next command sees by the lock and
	 * the boot ID that it is not true any more. */
	state_write(m->container, &m->state, NULL);
	if (m->hooks && m->hooks->exited && monitoring_read_setup(m, &s, NULL) == 0) {
		m->hooks->exited(&s, &m->state, told);
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

/* Run after run. */
static void supervise(struct monitoring *m)
{
	int code = await_end(m);

	while (rerun_wanted(m, code)) {
		rerun_note_end(m, code);
		code = rerun_start(m);
		if (code >= 0) {
			finish(m, code, true);
			return;
		}
		code = await_end(m);
	}
	finish(m, code, false);
}

static int fail(struct monitoring *m, int code, const struct err *e)
{
	struct state old;

	monitoring_undo(m);
	leave_network(m);
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

static int take_arguments(struct monitoring *m, int argc, char **argv)
{
	uint64_t n;
	int client;

	if (argc != 3 || str_u64(argv[2], MONITOR_KEEP_MAX, &n) < 0)
		return -EINVAL;
	m->container = LAUNCH_FD(0);
	m->sockets = LAUNCH_FD(1);
	m->realm = LAUNCH_FD(2);
	client = LAUNCH_FD(3);
	m->kept_len = m->kept_first = (size_t)n;
	for (size_t i = 0; i < m->kept_len; i++)
		m->kept[i] = LAUNCH_FD(4 + (int)i);
	for (int fd = LAUNCH_FD(0); fd < LAUNCH_FD(4 + (int)n); fd++) {
		if (fd_cloexec(fd, true) < 0)
			return -EBADF;
	}
	client_init(&m->client, client, true);
	return 0;
}

/* What it still holds in memory; descriptors and all else end with the process. */
static void release_all(struct monitoring *m)
{
	setup_done(&m->setup);
	logger_done(&m->log);
	buf_done(&m->client.out);
}

int monitor_main(int argc, char **argv, const struct monitor_hooks *hooks)
{
	autodone(release_all) struct monitoring m = {
		.hooks = hooks,
		.lock = -1,
		.meet = { .client = &m.client,
			  .report = -1,
			  .sync = -1,
			  .master = -1,
			  .exit_code = REPORT_EXIT_FAILED },
		.stdio = { -1, -1, -1 },
		.network = -1,
		.process = -1,
		.mark = -1,
		.supervisor = -1,
		.control = -1,
		.group = { .group = -1, .events = -1 },
		.vigil = { .children = -1, .keeper = -1, .control = -1, .pressure = -1 },
		.log = { .file = { .fd = -1, .dir = -1 }, .journald = { .fd = -1 } },
		.pump = { .in = -1, .out = { -1, -1 }, .listener = -1 }
	};
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
	rerun_note_start(&m);
	if (state_write(m.container, &m.state, &e) < 0)
		return fail(&m, REPORT_EXIT_FAILED, &e);
	/* The start is told of before its client goes on. */
	if (hooks && hooks->started)
		hooks->started(&m.setup, &m.state);
	client_send(&m.client, FRAME_STATUS, &running, 1);
	/* A pump that has died since is replaced, without this client. */
	order_begin(m.supervisor, &m.client, m.meet.master);
	client_done(&m.client);
	m.auto_remove = m.setup.auto_remove;
	prctl(PR_SET_DUMPABLE, 0);
	vigil_init(&m.vigil, renew_network, &m);
	m.vigil.control = m.control;
	if (hooks && hooks->recover && m.kept_len)
		m.vigil.keeper = m.kept[0];
	watchman_begin(&m);
	setup_done(&m.setup);
	supervise(&m);
	return 0;
}
