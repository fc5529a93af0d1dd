/* SPDX-License-Identifier: Apache-2.0 */
/* The first process of a container.
 * It is born in the container's namespaces, except for the mount namespace, which is the
 * setup process's; that one pivots the root under its feet, and the monitor then says go.
 */
#include "core/runtime/init.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/ns/clone.h"
#include "core/ns/mount.h"
#include "core/runtime/gate.h"
#include "core/runtime/hook.h"
#include "core/runtime/reaper.h"
#include "core/runtime/report.h"
#include "core/runtime/state.h"

static int name_host(const struct init *i, struct err *e)
{
	if (i->hostname && sethostname(i->hostname, strlen(i->hostname)) < 0)
		return err_sys(e, "set the host name '%s'", i->hostname);
	if (i->domainname && setdomainname(i->domainname, strlen(i->domainname)) < 0)
		return err_sys(e, "set the domain name '%s'", i->domainname);
	return 0;
}

static int take_terminal(struct init *i, struct err *e)
{
	size_t n = 1;
	char byte;
	ssize_t r;

	if (i->tty_socket < 0)
		return 0;
	r = fd_recv(i->tty_socket, &byte, 1, &i->process.tty, &n);
	if (r <= 0 || n != 1)
		return err_code(e, r < 0 ? (int)r : -EIO, "receive the terminal");
	return 0;
}

/* The descriptor that came is of the setup process's mount namespace, where no path leads
 * to from ours: ttyname(3) would fail. The same terminal by our own /dev/pts. */
static int reopen_terminal(struct init *i, struct err *e)
{
	struct stat given, own;
	char path[32];
	int fd;

	if (i->process.tty < 0 || !i->own_mounts)
		return 0;
	if (fstat(i->process.tty, &given) < 0)
		return err_sys(e, "look at the terminal");
	str_print(path, sizeof(path), "/dev/pts/%u", minor(given.st_rdev));
	fd = open(path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	if (fstat(fd, &own) < 0 || own.st_rdev != given.st_rdev ||
	    own.st_dev != given.st_dev) {
		fd_close(fd);
		return err_set(e, -EINVAL, "'%s' is not the terminal", path);
	}
	fd_close(i->process.tty);
	i->process.tty = fd;
	return 0;
}

/* Over the old root: what is mounted on "/" is met by going up from it. */
static int enter_root(const struct init *i, struct err *e)
{
	if (!i->chroot)
		return 0;
	if (chdir("/..") < 0 || chroot(".") < 0)
		return err_sys(e, "enter the new root");
	return 0;
}

/* The copy of a shared mount for a lesser user namespace is a slave; it begins a group of
 * peers of its own here. */
static int share_root(const struct init *i, struct err *e)
{
	enum mount_bind bind = MOUNT_NO_BIND;
	struct mount_change c = { 0 };
	autoclose int root = -1;
	int r;

	if (!i->own_mounts || str_empty(i->propagation) ||
	    !mount_option(i->propagation, &c, &bind) || c.propagation != MS_SHARED)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? -errno : mount_change(root, &c);
	return r < 0 ? err_code(e, r, "make the root '%s'", i->propagation) : 0;
}

static int prepare(struct init *i, struct err *e)
{
	int keep[] = { i->sync, i->process.listener->agent, i->gate, i->record };
	int r = take_terminal(i, e);

	if (r < 0)
		return r;

	/* The ID map is written: what outsiders had to do to us is done. */
	prctl(PR_SET_DUMPABLE, 0);
	/* A mount namespace owned by a lesser user namespace is a copy in which every
	 * mount is locked to the ones above it: masks stay on, whatever capability the
	 * payload has. */
	if (i->own_mounts && unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make the mount namespace");
	r = enter_root(i, e);
	if (r == 0)
		r = share_root(i, e);
	if (r == 0)
		r = reopen_terminal(i, e);
	if (r == 0)
		r = name_host(i, e);
	if (r == 0)
		r = process_begin(&i->process, e);
	return r < 0 ? r : process_confine(&i->process, keep, ARRAY_LEN(keep), e);
}

/* The creator is killed, or has let go: only then its record can be judged, and for good.
 * One that stands is enough, however its creator ended: `state` and `start` know us. One
 * that does not never will, and nobody would ever come to the gate. */
static bool is_recorded(int sync, int record)
{
	char c;

	while (fd_read(sync, &c, 1) > 0)
		;
	return state_published(record);
}

/* Between create and start. 0, or the exit code to report; from here on errors go to
 * whoever starts the container. */
static int await_start(struct init *i, struct err *e)
{
	struct report ready = { .kind = REPORT_READY };
	int code = process_find(i->process.p, e);

	if (code != 0)
		return code;
	if (report_send(i->sync, &ready, -1) < 0 || !is_recorded(i->sync, i->record))
		_exit(REPORT_EXIT_FAILED);
	fd_close(i->sync);
	i->record = fd_close(i->record);
	i->sync = gate_await(i->gate);
	if (i->sync < 0)
		_exit(REPORT_EXIT_FAILED);
	i->gate = fd_close(i->gate);
	return hook_run(i->hooks, i->hooks_len, i->hook_state, e) < 0 ? REPORT_EXIT_FAILED
								      : 0;
}

static int run_payload(struct init *i, struct err *e)
{
	int code = i->gate < 0 ? 0 : await_start(i, e);

	if (code != 0)
		return code;
	if (process_seal(&i->process, e) < 0)
		return REPORT_EXIT_FAILED;
	return i->process.reap ? reaper_run(i->process.p, i->sync, e)
			       : process_exec(i->process.p, e);
}

/* Returns in the one that is in the PID namespace. */
static int enter_pid_ns(struct init *i, struct err *e)
{
	struct report r = { .kind = REPORT_INIT };
	char go;

	if (i->pid_ns < 0)
		return 0;
	prctl(PR_SET_DUMPABLE, 0);
	if (setns(i->pid_ns, CLONE_NEWPID) < 0)
		return err_sys(e, "join the PID namespace");
	r.pid = clone_fork(CLONE_PARENT);
	if (r.pid < 0)
		return err_code(e, r.pid, "fork");
	if (r.pid > 0)
		_exit(report_send(i->sync, &r, -1) < 0);
	i->pid_ns = fd_close(i->pid_ns);
	if (fd_read_full(i->sync, &go, 1) != 1)
		_exit(REPORT_EXIT_FAILED);
	return 0;
}

void init_run(struct init *i)
{
	struct listener l = { .agent = -1 };
	struct err e = { 0 };
	int code = REPORT_EXIT_FAILED;

	/* The end instead of a byte: the start was given up. */
	if (listener_await(i->sync, &l) != 1)
		_exit(REPORT_EXIT_FAILED);
	i->process.listener = &l;
	if (enter_pid_ns(i, &e) == 0 && prepare(i, &e) == 0)
		code = run_payload(i, &e);
	report_error(i->sync, code, &e);
	_exit(code);
}
