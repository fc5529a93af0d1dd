/* SPDX-License-Identifier: Apache-2.0 */
/* The next run.
 *
 *   RUNNING ── init ends ──► RESTARTING ── back-off over ──► RUNNING
 *      │                         │
 *      └── no policy, stopped ───┴── stopped, cannot be executed ──► EXITED
 *
 * Each run is a fresh start of the same bundle by a new setup process. What the front did
 * once stays: lock, address, published listeners, registration with the stack, pump and
 * clients, the container's ends of the pipes. A start that fails for our reasons (the
 * keeper was killed this very moment) is tried again after the next wait; a command that
 * cannot be executed is the end. */
#include "core/runtime/rerun.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/ns/pidfd.h"
#include "core/ns/pty.h"
#include "core/runtime/bidding.h"
#include "core/runtime/handing.h"
#include "core/runtime/order.h"
#include "core/runtime/report.h"
#include "core/runtime/watchman.h"

#define MS 1000000ll

/* Listeners that nobody is to come by any more are closed. */
static void take_ports(struct monitoring *m)
{
	struct setup s = { 0 };

	if (!m->hooks || !m->hooks->ports || monitoring_read_setup(m, &s, NULL) < 0)
		return;
	m->hooks->ports(&s, m->kept, m->kept_len);
	setup_done(&s);
}

static int hold_listener(struct monitoring *m, int fd)
{
	size_t at = m->kept_first;

	while (at < m->kept_len && m->kept[at] >= 0)
		at++;
	if (at == MONITOR_KEEP_MAX)
		return -E2BIG;
	m->kept[at] = fd;
	m->kept_len += at == m->kept_len;
	return 0;
}

/* Listeners of a port that setup.json is about to have. What was handed before and is
 * not in it came to nothing. */
static void take_listeners(struct monitoring *m)
{
	int fds[HANDING_MAX], r = 0;
	size_t n = 0, held = 0;
	int sock = handing_take(m->sockets, fds, &n);

	if (sock < 0)
		return;
	take_ports(m);
	while (r == 0 && held < n)
		if ((r = hold_listener(m, fds[held])) == 0)
			held++;
	for (size_t i = held; i < n; i++)
		fd_close(fds[i]);
	handing_answer(sock, r);
}

void rerun_listen(struct monitoring *m)
{
	int word;

	while ((word = bidding_take(m->control)) > 0) {
		if (word == BIDDING_STOP)
			m->stopped = true;
		else if (word == BIDDING_PORTS)
			take_ports(m);
		else if (word == BIDDING_TAKE)
			take_listeners(m);
	}
}

void rerun_note_start(struct monitoring *m)
{
	m->state.status = STATE_RUNNING;
	m->state.pid = m->meet.init;
	m->state.monitor_pid = getpid();
	m->state.started = time_now();
	m->state.error[0] = 0;
	m->since = time_monotonic();
	pidfd_start_time(m->meet.init, &m->state.pid_start);
	state_boot_id(m->state.boot_id);
}

/* `update` may have given it another policy. */
static bool wanted(struct monitoring *m, int code)
{
	struct setup s = { 0 };

	rerun_listen(m);
	if (m->stopped || m->vigil.dismissed || m->auto_remove ||
	    monitoring_read_setup(m, &s, NULL) < 0)
		return false;
	if (restart_parse(s.restart, &m->policy, NULL) < 0)
		m->policy.kind = RESTART_NO;
	setup_done(&s);
	return restart_wanted(&m->policy, code, m->state.restart_count);
}

bool rerun_wanted(struct monitoring *m, int code)
{
	if (!wanted(m, code))
		return false;
	m->delay = restart_delay(m->delay, time_monotonic() - m->since);
	return true;
}

void rerun_note_end(struct monitoring *m, int code)
{
	struct setup s = { 0 };

	watchman_end(m);
	monitoring_end_orphans(m);
	monitoring_leave_group(m);
	order_rest(m->supervisor);
	m->state.status = STATE_RESTARTING;
	m->state.pid = 0;
	m->state.exit_code = code;
	m->state.finished = time_now();
	m->state.restart_count++;
	state_write(m->container, &m->state, NULL);
	if (m->hooks && m->hooks->rested && monitoring_read_setup(m, &s, NULL) == 0) {
		m->hooks->rested(&s, &m->state);
		setup_done(&s);
	}
	order_ended(m->supervisor, code);
}

/* true: it is time; false: the user has stopped it. */
static bool await_time(struct monitoring *m)
{
	int64_t end = time_monotonic() + m->delay * MS;

	m->vigil.wake = end;
	m->vigil.pressure = -1;
	for (;;) {
		siginfo_t i = { 0 };

		rerun_listen(m);
		if (m->stopped || m->vigil.dismissed || time_monotonic() >= end)
			break;
		waitid(P_ALL, 0, &i, WEXITED | WNOHANG);
		if (!i.si_pid)
			vigil_await(&m->vigil, &m->network);
		else if (i.si_pid == m->pumping)
			monitoring_renew_pump(m);
	}
	m->vigil.wake = 0;
	return !m->stopped && !m->vigil.dismissed;
}

static int revive(struct monitoring *m, struct err *e)
{
	const struct monitor_hooks *h = m->hooks;
	int r;

	if (!h || !h->revive)
		return 0;
	r = h->revive(&m->setup, m->realm, m->kept, m->kept_len, e);
	if (r <= 0)
		return r;
	m->network = fd_close(m->network);
	if (h->recover)
		m->vigil.keeper = m->kept[0];
	r = h->network_open(&m->setup, m->kept, m->kept_len, e);
	m->network = r > 0 ? r : -1;
	return r < 0 ? r : 0;
}

/* The container had no policy when it was started, so its ends of the pipes are gone. */
static int renew_streams(struct monitoring *m, struct err *e)
{
	int r;

	order_tell(m->supervisor, m->state.exit_code);
	for (int i = 0; i < 2; i++)
		m->pump.out[i] = fd_close(m->pump.out[i]);
	logger_done(&m->log);
	m->pump.log = NULL;
	m->keeps_stdio = true;
	r = monitoring_make_streams(m, e);
	if (r == 0)
		r = monitoring_open_log(m, e);
	return r == 0 ? monitoring_fork_pump(m, e) : r;
}

static int hand_over(struct monitoring *m, bool new_pump)
{
	int r;

	if (!new_pump)
		return order_again(m->supervisor, m->process, m->meet.master);
	r = order_guard(m->supervisor, m->process);
	return r < 0 ? r : order_begin(m->supervisor, NULL, -1);
}

static int make(struct monitoring *m, struct err *e)
{
	struct winsize size = { 0 };
	bool new_pump = !m->setup.terminal && !m->keeps_stdio;
	int r = revive(m, e);

	if (r == 0 && new_pump)
		r = renew_streams(m, e);
	if (m->meet.master >= 0)
		ioctl(m->meet.master, TIOCGWINSZ, &size);
	fd_close(m->meet.master);
	m->meet = (struct meeting){ .client = &m->client,
				    .started = true,
				    .report = -1,
				    .sync = -1,
				    .master = -1,
				    .exit_code = REPORT_EXIT_FAILED };
	if (r == 0)
		r = monitoring_fork_builder(m, e);
	if (r == 0)
		r = meeting_await(&m->meet, e);
	if (r == 0)
		r = monitoring_hold_init(m, e);
	if (r < 0)
		return r;
	if (m->setup.terminal)
		pty_resize(m->meet.master, size.ws_row, size.ws_col);
	if (hand_over(m, new_pump) < 0)
		return err_set(e, -EAGAIN, "the pump has died");
	return meeting_release(&m->meet, e);
}

static int begin(struct monitoring *m, struct err *e)
{
	int r = monitoring_read_setup(m, &m->setup, e);

	if (r < 0)
		return r;
	r = make(m, e);
	if (r == 0) {
		rerun_note_start(m);
		r = state_write(m->container, &m->state, e);
	}
	if (r == 0 && m->hooks && m->hooks->started)
		m->hooks->started(&m->setup, &m->state);
	if (r == 0)
		watchman_begin(m);
	setup_done(&m->setup);
	return r;
}

static void note_failure(struct monitoring *m, int code, const struct err *e)
{
	m->state.status = STATE_RESTARTING;
	m->state.pid = 0;
	m->state.exit_code = code;
	m->state.finished = time_now();
	str_print(m->state.error, sizeof(m->state.error), "%s", e->text);
	state_write(m->container, &m->state, NULL);
}

int rerun_start(struct monitoring *m)
{
	while (await_time(m)) {
		struct err e = { 0 };
		int code;

		if (begin(m, &e) == 0) {
			/* Whoever found it between two runs has no process to signal. */
			rerun_listen(m);
			if (m->stopped)
				pidfd_signal(m->process, SIGKILL);
			return -1;
		}
		code = m->meet.exit_code;
		monitoring_undo(m);
		note_failure(m, code, &e);
		if (code != REPORT_EXIT_FAILED || !wanted(m, code))
			return code;
		m->state.restart_count++;
		m->delay = restart_delay(m->delay, 0);
	}
	return m->state.exit_code;
}
