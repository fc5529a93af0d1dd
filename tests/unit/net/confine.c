/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/ns/landlock.h"
#include "tests/unit/test.h"

/* What none of them may ask for: programs, processes, namespaces, mounts, other users'
 * power, other kinds of sockets, code made while it runs. */
static const struct {
	const char *what;
	long nr, arg[4];
} forbidden[] = {
	{ "execve", __NR_execve, { (long)"/bin/true" } },
	{ "execveat", __NR_execveat, { AT_FDCWD, (long)"/bin/true" } },
	{ "clone, with a namespace", __NR_clone, { CLONE_NEWUSER | SIGCHLD } },
	{ "clone3", __NR_clone3, { 0 } },
	{ "unshare", __NR_unshare, { CLONE_NEWNS } },
	{ "setns", __NR_setns, { 0, CLONE_NEWNET } },
	{ "mount", __NR_mount, { (long)"a", (long)"/", (long)"tmpfs" } },
	{ "pivot_root", __NR_pivot_root, { (long)"/", (long)"/" } },
	{ "chroot", __NR_chroot, { (long)"/" } },
	{ "ptrace", __NR_ptrace, { 0 } },
	{ "process_vm_readv", __NR_process_vm_readv, { 1 } },
	{ "pidfd_getfd", 438, { 0 } },
	{ "kill", __NR_kill, { 1, 0 } },
	{ "setuid", __NR_setuid, { 0 } },
	{ "bpf", __NR_bpf, { 0 } },
	{ "keyctl", __NR_keyctl, { 0 } },
	{ "io_uring_setup", 425, { 1 } },
	{ "userfaultfd", __NR_userfaultfd, { 0 } },
	{ "perf_event_open", __NR_perf_event_open, { 0 } },
	{ "unlinkat", __NR_unlinkat, { AT_FDCWD, (long)"/nosuch" } },
	{ "mkdirat", __NR_mkdirat, { AT_FDCWD, (long)"/nosuch" } },
	{ "fchmodat", __NR_fchmodat, { AT_FDCWD, (long)"/nosuch" } },
	{ "socket of unix", __NR_socket, { AF_UNIX, SOCK_STREAM } },
	{ "socket of netlink", __NR_socket, { AF_NETLINK, SOCK_RAW } },
	{ "socket of vsock", __NR_socket, { AF_VSOCK, SOCK_STREAM } },
	{ "memfd_create", __NR_memfd_create, { (long)"x" } },
	{ "prctl", __NR_prctl, { PR_SET_DUMPABLE, 1 } },
};

static int attempt(long nr, const long *a)
{
	return syscall(nr, a[0], a[1], a[2], a[3]) < 0 ? errno : 0;
}

/* In the confined child: how many of the calls went through. */
static int count_granted(void)
{
	int granted = 0;

	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++) {
		int r = attempt(forbidden[i].nr, forbidden[i].arg);

		if (r != ENOSYS) {
			dprintf(2, "# %s: %d\n", forbidden[i].what, r);
			granted++;
		}
	}
	return granted;
}

static int opened(int flags)
{
	int fd = open("/etc/passwd", flags | O_CLOEXEC);

	return fd < 0 ? errno : close(fd);
}

static int run(int (*confine)(struct err *), int (*more)(void))
{
	pid_t pid = fork();
	int status = -1;

	CHECK(pid >= 0);
	if (pid == 0) {
		struct err e = { 0 };

		if (confine(&e) < 0)
			_exit(100);
		_exit(count_granted() + more());
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int of_stack(void)
{
	int bad = 0, fd;
#ifndef SANITIZED /* whose run time maps memory */
	const long code[] = { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS };

	bad += syscall(__NR_mmap, code[0], code[1], code[2], code[3], -1, 0) != -1;
#endif
	bad += opened(O_RDONLY) != ENOSYS;
	bad += fork() >= 0;
	bad += socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != ENOSYS;
	/* and what it is for */
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bad += fd < 0 || listen(fd, 1) != 0 || close(fd) != 0;
	return bad;
}

TEST(stack)
{
	CHECK_INT(run(confine_stack, of_stack), 0);
}

static int of_patchbay(void)
{
	int bad = 0, pair[2];

	bad += opened(O_RDONLY) != ENOSYS;
	bad += socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) <
	       0; /* of the lists shared */
	bad += socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0;
	return bad;
}

TEST(patchbay)
{
	CHECK_INT(run(confine_patchbay, of_patchbay), 0);
}

static int of_porter(void)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	int bad = 0, fd;

	/* It reads resolv.conf anew, and writes nowhere. */
	bad += opened(O_RDONLY) != 0;
	bad += landlock_abi() >= 1 && opened(O_WRONLY) == 0;
	bad += landlock_abi() >= 1 &&
	       open("/tmp/rootless-confine", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0;
	bad += fork() >= 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bad += fd < 0;
	/* It makes sockets, and speaks on none (what it binds is rings). */
	bad += connect(fd, (struct sockaddr *)&ss, sizeof(struct sockaddr_in)) == 0 ||
	       errno != ENOSYS;
	bad += listen(fd, 1) == 0 || errno != ENOSYS;
	return bad;
}

TEST(porter)
{
	CHECK_INT(run(confine_porter, of_porter), 0);
}
