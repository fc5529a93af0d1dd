/* SPDX-License-Identifier: Apache-2.0 */
/* The go-between of exec. */
#include "core/runtime/joining.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/clone.h"
#include "core/ns/pidfd.h"
#include "core/ns/pty.h"
#include "core/ns/scheduler.h"
#include "core/runtime/ocigroup.h"
#include "core/runtime/report.h"
#include "core/runtime/scope.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

int joining_flags(pid_t pid, int *ret, struct err *e)
{
	static const struct {
		const char *name;
		int flag;
	} all[] = { { "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS },
		    { "pid", CLONE_NEWPID },   { "net", CLONE_NEWNET },
		    { "ipc", CLONE_NEWIPC },   { "uts", CLONE_NEWUTS },
		    { "time", CLONE_NEWTIME }, { "cgroup", CLONE_NEWCGROUP } };

	*ret = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		char own[64], other[64];
		struct stat a, b;

		str_print(own, sizeof(own), "/proc/self/ns/%s", all[i].name);
		str_print(other, sizeof(other), "/proc/%d/ns/%s", (int)pid, all[i].name);
		if (stat(own, &a) < 0)
			continue; /* a kernel without this kind */
		if (stat(other, &b) < 0)
			return err_sys(e, "look at the container's namespaces");
		if (a.st_ino != b.st_ino || a.st_dev != b.st_dev)
			*ret |= all[i].flag;
	}
	return 0;
}

/* In the container: a terminal of its own devpts. */
static int open_terminal(struct joining *j, struct err *e)
{
	const struct rt_process *p = j->process.p;
	struct report r = { .kind = REPORT_TTY };
	autoclose int devpts = -1, master = -1;
	int code;

	if (!p->terminal)
		return 0;
	devpts = open("/dev/pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (devpts < 0)
		return err_sys(e, "open the container's '/dev/pts'");
	code = pty_open(devpts, &master, &j->process.tty, e);
	if (code < 0)
		return code;
	pty_resize(master, p->rows, p->cols);
	if (p->uid != 0 && fchown(j->process.tty, p->uid, (gid_t)-1) < 0)
		return err_sys(e, "give the terminal to user %u", p->uid);
	code = report_send(j->report, &r, master);
	return code < 0 ? err_code(e, code, "hand over the terminal") : 0;
}

static void give_stdio(const struct joining *j)
{
	for (int i = 0; i < 3 && j->process.p->uid != 0; i++) {
		struct stat st;

		/* A caller's terminal or file is not ours to give. */
		if (j->stdio[i] < 0 || fstat(j->stdio[i], &st) < 0 ||
		    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
			continue;
		/* Without the right it merely cannot be reopened by name. */
		if (fchown(j->stdio[i], j->process.p->uid, (gid_t)-1) < 0)
			continue;
	}
}

/* Before and after the way into the container (and its control group). */
static int pin(const char *cpus, struct err *e)
{
	int r = str_empty(cpus) ? 0 : scheduler_cpus(cpus);

	return r < 0 ? err_code(e, r, "run on the CPUs '%s'", cpus) : 0;
}

static void become(struct joining *j) __attribute__((noreturn));
static void become(struct joining *j)
{
	struct listener l = { .agent = -1 };
	int code = REPORT_EXIT_CANNOT;
	struct err e = { 0 };
	int keep[2];

	/* The monitor knows us by now, or is dead. */
	fd_close(j->report);
	if (listener_await(j->sync, &l) != 1)
		_exit(code);
	j->process.listener = &l;
	keep[0] = j->sync;
	keep[1] = l.agent;
	if (pin(j->process.p->scheduling.cpus_final, &e) == 0 &&
	    process_begin(&j->process, &e) == 0 &&
	    process_confine(&j->process, keep, ARRAY_LEN(keep), &e) == 0 &&
	    process_seal(&j->process, &e) == 0)
		code = process_exec(j->process.p, &e);
	report_error(j->sync, code, &e);
	_exit(code);
}

int joining_run(struct joining *j, struct err *e)
{
	struct report r = { .kind = REPORT_INIT };
	int code = process_label(j->process.p, e);
	pid_t pid;

	if (code == 0)
		code = pin(j->process.p->scheduling.cpus_initial, e);
	if (code < 0)
		return code;
	/* What is started in a container counts towards its limits. */
	code = j->group ? ocigroup_join(j->group, e) : scope_join(pidfd_pid(j->init), e);
	if (code < 0)
		return code;
	/* Who is in the container must not take hold of what is not yet confined. */
	prctl(PR_SET_DUMPABLE, 0);
	code = j->flags ? pidfd_setns(j->init, j->flags) : 0;
	if (code < 0)
		return err_code(e, code, "join the container's namespaces");
	/* Root of the container, whoever its init has become. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "become root in the container");
	code = open_terminal(j, e);
	if (code < 0)
		return code;
	give_stdio(j);
	pid = clone_fork(CLONE_PARENT);
	if (pid == 0)
		become(j);
	if (pid < 0)
		return err_code(e, pid, "fork");
	r.pid = pid;
	code = report_send(j->report, &r, -1);
	return code < 0 ? err_code(e, code, "report to the monitor") : 0;
}
