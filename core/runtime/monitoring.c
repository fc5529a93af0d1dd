/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a monitor's work. */
#include "core/runtime/monitoring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/pidfd.h"
#include "core/runtime/builder.h"
#include "core/runtime/order.h"

#define PUMPS_MAX    100 /* a pump that dies this often will not do better */
#define STRAY_ROUNDS 100 /* processes that fork as fast as they are killed */

int monitoring_read_setup(const struct monitoring *m, struct setup *ret, struct err *e)
{
	autoclose int bundle =
		openat(m->container, "bundle", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return bundle < 0 ? err_sys(e, "open 'bundle'") : setup_read(bundle, ret, e);
}

int monitoring_open_log(struct monitoring *m, struct err *e)
{
	int r = logger_open(&m->log, &m->setup, e);

	if (r > 0)
		m->pump.log = &m->log;
	return r < 0 ? r : 0;
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

int monitoring_make_streams(struct monitoring *m, struct err *e)
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

int monitoring_fork_builder(struct monitoring *m, struct err *e)
{
	int report[2], sync[2];
	sigset_t none;
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
	if (m->builder == 0) {
		/* As with the first run: what the monitor has changed of itself since. */
		prctl(PR_SET_DUMPABLE, 1);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(builder_run(&b));
	}
	m->meet.report = report[0];
	m->meet.sync = sync[0];
	fd_close(report[1]);
	fd_close(sync[1]);
	for (int i = 0; i < 3 && !m->keeps_stdio; i++)
		m->stdio[i] = fd_close(m->stdio[i]);
	return 0;
}

/* What must go when the monitor goes, or is another process's alone. */
static void forget(const struct monitoring *m)
{
	fd_close(m->lock);
	fd_close(m->network);
	fd_close(m->realm);
	fd_close(m->sockets);
	fd_close(m->container);
	fd_close(m->client.fd);
	fd_close(m->meet.report);
	fd_close(m->meet.sync);
	fd_close(m->control);
	fd_close(m->mark);
	fd_close(m->vigil.children);
	fd_close(m->group.events);
	fd_close(m->group.group);
	for (int i = 0; i < 3; i++)
		fd_close(m->stdio[i]);
	for (size_t i = 0; i < m->kept_len; i++)
		fd_close(m->kept[i]);
}

int monitoring_fork_pump(struct monitoring *m, struct err *e)
{
	int pair[2];

	if (fd_socketpair(SOCK_SEQPACKET, pair) < 0)
		return err_sys(e, "make a socket pair");
	m->pumping = fork();
	if (m->pumping == 0) {
		fd_close(pair[0]);
		forget(m);
		m->pump.supervisor = pair[1];
		m->pump.ahead = true;
		pump_run(&m->pump);
	}
	fd_close(pair[1]);
	if (m->pumping < 0) {
		fd_close(pair[0]);
		return err_set(e, -EAGAIN, "start the pump");
	}
	fd_close(m->supervisor);
	m->supervisor = pair[0];
	/* The pump's alone now: its closing must be seen. A later pump starts without. */
	if (!m->pump.terminal)
		m->pump.in = fd_close(m->pump.in);
	return 0;
}

/* What the payload leaves behind in another container's PID namespace becomes a child of
 * that one's init. It is found again by a namespace that it alone is in, held so that its
 * number is given to no other; before init moves there, for then nobody may look at it.
 */
static void hold_mark(struct monitoring *m)
{
	static const char *const kinds[] = { "cgroup", "uts" };

	autoclose int init = pidfd_open(m->meet.init);

	m->mark = fd_close(m->mark);
	for (size_t i = 0; i < ARRAY_LEN(kinds) && m->mark < 0; i++) {
		autofree char *own = str_fmt("/proc/self/ns/%s", kinds[i]);
		autoclose int fd = pidfd_open_ns(init, kinds[i]);
		struct stat a, b;

		if (fd >= 0 && !fstat(fd, &a) && !stat(own, &b) && a.st_ino != b.st_ino)
			m->mark = TAKE_FD(fd);
	}
}

int monitoring_hold_init(struct monitoring *m, struct err *e)
{
	int r = 0;

	if (m->setup.shares_pids) {
		hold_mark(m);
		r = meeting_move(&m->meet, e);
	}
	if (r < 0)
		return r;
	fd_close(m->process);
	m->process = pidfd_open(m->meet.init);
	groupwatch_begin(&m->group, m->meet.init, m->setup.id);
	return m->process < 0 ? err_code(e, m->process, "open a pidfd") : 0;
}

void monitoring_renew_pump(struct monitoring *m)
{
	struct setup s = { 0 };

	if (++m->pumps >= PUMPS_MAX) {
		pidfd_signal(m->process, SIGKILL);
		return;
	}
	/* The next one's log, as the dead one left it. */
	if (m->pump.log) {
		logger_done(&m->log);
		m->pump.log = NULL;
	}
	if (monitoring_read_setup(m, &s, NULL) == 0) {
		m->setup = s;
		monitoring_open_log(m, NULL);
		setup_done(&m->setup);
	}
	if (monitoring_fork_pump(m, NULL) == 0 &&
	    order_guard(m->supervisor, m->process) == 0)
		order_begin(m->supervisor, NULL, m->meet.master);
}

void monitoring_look_at_group(struct monitoring *m)
{
	struct setup s = { 0 };
	struct state now;

	if (!groupwatch_look(&m->group))
		return;
	m->state.oom_killed = true;
	/* `pause` writes it as well. */
	if (state_read(m->container, &now, NULL) == 0) {
		now.oom_killed = true;
		state_write(m->container, &now, NULL);
	}
	if (m->hooks && m->hooks->starved && monitoring_read_setup(m, &s, NULL) == 0) {
		m->hooks->starved(&s);
		setup_done(&s);
	}
}

void monitoring_leave_group(struct monitoring *m)
{
	monitoring_look_at_group(m);
	m->state.oom_killed = m->group.kills > 0;
	groupwatch_end(&m->group);
}

/* Waits for one child, and takes whoever else ends meanwhile: the init of a PID namespace
 * is not gone before every process in it has been reaped, and some of those are our
 * children once the setup process was killed. */
void monitoring_reap(pid_t pid)
{
	while (waitpid(pid, NULL, WNOHANG) == 0)
		if (waitpid(-1, NULL, 0) < 0 && errno != EINTR)
			return;
}

static int kill_stray(pid_t pid, const struct stat *mark)
{
	autoclose int fd = pidfd_open(pid);
	autoclose int ns = fd < 0 ? -1 : pidfd_open_ns(fd, "cgroup");
	autoclose int uts = fd < 0 ? -1 : pidfd_open_ns(fd, "uts");
	struct stat a, b;

	if (ns < 0 || uts < 0 || fstat(ns, &a) < 0 || fstat(uts, &b) < 0)
		return 0;
	if ((a.st_ino != mark->st_ino || a.st_dev != mark->st_dev) &&
	    (b.st_ino != mark->st_ino || b.st_dev != mark->st_dev))
		return 0;
	return pidfd_signal(fd, SIGKILL) == 0;
}

static void end_strays(int mark)
{
	struct stat own;
	int found = fstat(mark, &own) < 0 ? 0 : 1;

	for (int round = 0; found > 0 && round < STRAY_ROUNDS; round++) {
		DIR *d = opendir("/proc");
		struct dirent *de;
		uint64_t pid;

		found = 0;
		while (d && (de = readdir(d)))
			if (str_u64(de->d_name, INT32_MAX, &pid) == 0)
				found += kill_stray((pid_t)pid, &own);
		if (d)
			closedir(d);
	}
}

/* Without a PID namespace of its own a container's other processes outlive init; as our
 * children (we are their reaper) they are found. */
void monitoring_end_orphans(const struct monitoring *m)
{
	char text[4096], path[64];
	bool again = true;

	if (m->mark >= 0)
		end_strays(m->mark);
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
			monitoring_reap((pid_t)pid);
			again = true;
		}
	}
}

void monitoring_undo(struct monitoring *m)
{
	m->meet.sync = fd_close(m->meet.sync);
	m->meet.report = fd_close(m->meet.report);
	if (m->meet.init > 0) {
		kill(m->meet.init, SIGKILL);
		monitoring_reap(m->meet.init);
	}
	m->meet.init = 0;
	/* The setup process, which may be in the midst of it, and what it has begun. */
	monitoring_end_orphans(m);
	groupwatch_end(&m->group);
}
