/* SPDX-License-Identifier: Apache-2.0 */
/* doctor's probes of the kernel: each does what the runtime will do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/doctor.h"
#include "core/engine/sealed.h"
#include "core/ns/landlock.h"
#include "core/ns/mount.h"
#include "core/ns/pidfd.h"
#include "core/store/store.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#define SAY(field, ...) str_print(row->field, sizeof(row->field), __VA_ARGS__)

/* --- version ------------------------------------------------------------------------ */

/* What the version alone says; the other rows say what it really can. */
static void probe_version(struct doctor_row *row)
{
	unsigned long major, minor = 0;
	struct utsname u;
	char *end;

	SAY(tried, "uname: 5.11 or newer can do everything, 4.18 the most");
	uname(&u);
	SAY(answer, "%s %s", u.sysname, u.release);
	major = strtoul(u.release, &end, 10);
	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	bool full = major > 5 || (major == 5 && minor >= 11);
	bool some = major >= 5 || (major == 4 && minor >= 18);
	doctor_judge(row, full ? 0 : -ENOSYS, some ? DOCTOR_REDUCED : DOCTOR_MISSING,
		     "a newer kernel", "what the rows below say");
}

/* --- namespaces ---------------------------------------------------------------- */

static void probe_namespace(struct doctor_row *row, int flag, const char *name)
{
	SAY(tried, "unshare(%s) as root of a user namespace", name);
	doctor_judge(row, doctor_enter(flag), DOCTOR_MISSING,
		     "a kernel with all namespaces configured (CONFIG_NAMESPACES)",
		     "nothing: containers are made with it");
}

static void probe_pid(struct doctor_row *row)
{
	probe_namespace(row, CLONE_NEWPID, "CLONE_NEWPID");
}

static void probe_net(struct doctor_row *row)
{
	probe_namespace(row, CLONE_NEWNET, "CLONE_NEWNET");
}

static void probe_ipc(struct doctor_row *row)
{
	probe_namespace(row, CLONE_NEWIPC, "CLONE_NEWIPC");
}

static void probe_uts(struct doctor_row *row)
{
	probe_namespace(row, CLONE_NEWUTS, "CLONE_NEWUTS");
}

static void probe_cgroupns(struct doctor_row *row)
{
	probe_namespace(row, CLONE_NEWCGROUP, "CLONE_NEWCGROUP");
}

static void probe_time(struct doctor_row *row)
{
	SAY(tried, "unshare(CLONE_NEWTIME) as root of a user namespace");
	doctor_judge(row, doctor_enter(CLONE_NEWTIME), DOCTOR_REDUCED,
		     "a kernel of 5.6 or newer with CONFIG_TIME_NS",
		     "everything; the container sees the host's boot time");
}

/* --- file systems -------------------------------------------------------------- */

/* lower/f, an overlay over it with user.* attributes, f removed through it. */
static int try_overlay(const char *path, int dirfd, struct err *e)
{
	static const char *const names[] = { "lower", "upper", "work" };
	autostrv params = { 0 };
	int r;

	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		autoclose int fd = file_open_dir(dirfd, names[n], true, 0700);

		if (fd < 0)
			return fd;
	}
	r = file_replace_nosync(dirfd, "lower/f", "x", 1, 0600);
	if (r < 0)
		return r;
	strv_add(&params, "userxattr");
	strv_addf(&params, "lowerdir=%s/lower", path);
	strv_addf(&params, "upperdir=%s/upper", path);
	strv_addf(&params, "workdir=%s/work", path);
	struct mount_fs m = { .type = "overlay", .params = &params };
	autoclose int fd = mount_fs(&m, e);
	if (fd < 0)
		return fd;
	if (faccessat(fd, "f", F_OK, 0))
		return -errno;
	return unlinkat(fd, "f", 0) ? -errno : 0;
}

static void probe_overlay(struct doctor_row *row)
{
	char name[32];
	struct store s;
	struct err e = { 0 };
	int r;

	SAY(tried,
	    "overlay with userxattr on the data folder, a file removed through it");
	str_print(name, sizeof(name), "doctor-%d", (int)getpid());
	r = store_open(&s, &e);
	if (r < 0) {
		SAY(answer, "%s", e.text);
		doctor_judge(row, r, DOCTOR_MISSING, "see 'data folder'", "nothing");
		return;
	}
	autoclose int dir = file_open_dir(s.tmp_fd, name, true, 0700);
	autofree char *path = str_fmt("%s/tmp/%s", s.data, name);
	r = dir < 0 ? dir : doctor_enter(CLONE_NEWNS);
	if (r >= 0)
		r = try_overlay(path, dir, &e);
	file_remove_tree(s.tmp_fd, name);
	if (r < 0 && e.text[0])
		SAY(answer, "%s", e.text);
	doctor_judge(
		row, r, DOCTOR_MISSING,
		"a kernel of 5.11 or newer, and ROOTLESS_DATA on ext4, xfs, btrfs or "
		"tmpfs (not NFS)",
		"pull, save, load, inspect; no container starts");
	store_done(&s);
}

static void probe_mounts(struct doctor_row *row)
{
	struct mount_fs m = { .type = "tmpfs" };
	struct err e = { 0 };
	int r;

	SAY(tried, "fsopen, fsmount, open_tree, mount_setattr on a tmpfs");
	r = doctor_enter(CLONE_NEWNS);
	if (r >= 0) {
		autoclose int fd = mount_fs(&m, &e);
		/* With what systemd has mounted below: from a namespace of our own that
		 * is locked to it, and not to be cloned without. */
		autoclose int copy = fd < 0 ? fd : mount_clone(AT_FDCWD, "/proc", true);
		struct mount_change c = { .set = MOUNT_ATTR_RDONLY };

		r = copy < 0 ? copy : mount_change(copy, &c);
	}
	doctor_judge(row, r, DOCTOR_MISSING, "a kernel of 5.12 or newer",
		     "pull, save, load, inspect; no container starts");
}

static void probe_openat2(struct doctor_row *row)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };

	SAY(tried, "openat2(RESOLVE_IN_ROOT)");
	autoclose int root = open("/", O_PATH | O_CLOEXEC);
	autoclose int fd = (int)syscall(SYS_openat2, root, "/../proc", &how, sizeof(how));
	doctor_judge(row, fd < 0 ? -errno : 0, DOCTOR_REDUCED, "a kernel of 5.6 or newer",
		     "everything, with a slower walk over each component of a path");
}

/* --- confinement --------------------------------------------------------------- */

static void probe_seccomp(struct doctor_row *row)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_LEN(code), code };
	int r = 0;

	SAY(tried, "a filter that answers EDOM to getppid");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		r = -errno;
	else if (syscall(SYS_getppid) != -1 || errno != EDOM)
		r = -ENOSYS;
	doctor_judge(
		row, r, DOCTOR_MISSING,
		"a kernel with CONFIG_SECCOMP_FILTER; where a policy forbids it, ask "
		"the administrator",
		"containers with --security-opt seccomp=unconfined");
}

static void probe_landlock(struct doctor_row *row)
{
	int abi = landlock_abi(), r;

	SAY(tried, "Landlock's ABI, and its scopes on this process");
	r = doctor_enter(0);
	if (r >= 0)
		r = landlock_scope(LANDLOCK_ABSTRACT | LANDLOCK_SIGNAL);
	SAY(answer, "ABI %d%s%s", abi, r < 0 ? ": " : ", scopes hold",
	    r < 0 ? strerror(-r) : "");
	doctor_judge(
		row, r, DOCTOR_REDUCED,
		"a kernel of 6.12 or newer with landlock in its lsm= list",
		"everything; with --network host abstract sockets of the host can be "
		"reached");
}

static void probe_memfd(struct doctor_row *row)
{
	static char name[] = "inner";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	struct err e = { 0 };
	int status = 0, r = 0;
	pid_t pid;

	SAY(tried, "a sealed memfd with our inner executable, run by its descriptor");
	autoclose int fd = sealed_open(&e);
	if (fd < 0) {
		SAY(answer, "%s", e.text);
		r = fd;
	} else if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, 1);
		dup2(null, 2);
		fexecve(fd, argv, envp);
		_exit(200 + (errno == EACCES));
	} else {
		waitpid(pid, &status, 0);
		if (WIFEXITED(status) && WEXITSTATUS(status) >= 200)
			r = WEXITSTATUS(status) == 201 ? -EACCES : -ENOEXEC;
	}
	doctor_judge(row, r, DOCTOR_MISSING, "as root: sysctl vm.memfd_noexec=0 (or 1)",
		     "pull, save, load, inspect; no container starts");
}

/* --- processes ----------------------------------------------------------------- */

static void probe_pidfd(struct doctor_row *row)
{
	pid_t pid = fork();
	siginfo_t info;
	int r;

	SAY(tried, "pidfd_open, pidfd_send_signal, poll and waitid on a child");
	if (pid == 0) {
		pause();
		_exit(0);
	}
	autoclose int fd = pidfd_open(pid);
	struct pollfd p = { fd, POLLIN, 0 };
	r = fd < 0 ? fd : pidfd_signal(fd, SIGKILL);
	if (r < 0)
		kill(pid, SIGKILL);
	else if (poll(&p, 1, 5000) != 1)
		r = -ETIMEDOUT;
	waitid(P_PID, (id_t)pid, &info, WEXITED);
	doctor_judge(row, r, DOCTOR_MISSING, "a kernel of 5.4 or newer",
		     "pull, save, load, inspect; no container starts");
}

static void probe_close_range(struct doctor_row *row)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), r = 0;

	SAY(tried, "close_range on one descriptor");
	if (syscall(SYS_close_range, fd, fd, 0))
		r = -errno;
	doctor_judge(row, r, DOCTOR_REDUCED, "a kernel of 5.9 or newer",
		     "everything; descriptors are closed one by one");
}

const struct doctor_probe doctor_kernel_probes[] = {
	{ "kernel", probe_version },          { "pid namespace", probe_pid },
	{ "network namespace", probe_net },   { "ipc namespace", probe_ipc },
	{ "uts namespace", probe_uts },       { "cgroup namespace", probe_cgroupns },
	{ "time namespace", probe_time },     { "overlay", probe_overlay },
	{ "mount API", probe_mounts },        { "openat2", probe_openat2 },
	{ "seccomp", probe_seccomp },         { "Landlock", probe_landlock },
	{ "sealed memfd", probe_memfd },      { "pidfd", probe_pidfd },
	{ "close_range", probe_close_range }, { NULL, NULL },
};
