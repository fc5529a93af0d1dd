/* SPDX-License-Identifier: Apache-2.0 */
/* How the stack and its porter give up what they do not need. The lists below are the
 * whole of what the two processes may ask of the kernel. */
#include "core/net/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/ns/bpf.h"
#include "core/ns/landlock.h"

/* Calls that differ by architecture: the old ones exist on the older architectures only,
 * the _time64 ones on 32-bit. */
static const struct bpf_rule confine_both[] = {
	BPF_MAPPINGS,
	BPF_CALL_ARG(socket, 0, AF_INET),
	BPF_CALL_ARG(socket, 0, AF_INET6),
	BPF_CALL(read),
	BPF_CALL(write),
	BPF_CALL(close),
	BPF_CALL(sendmsg),
	BPF_CALL(recvmsg),
	BPF_CALL(sendto),
	BPF_CALL(recvfrom),
	BPF_CALL(setsockopt),
	BPF_CALL(getsockopt),
	BPF_CALL(ppoll),
#ifdef __NR_poll
	BPF_CALL(poll),
#endif
#ifdef __NR_ppoll_time64
	BPF_CALL(ppoll_time64),
#endif
	BPF_CALL(brk),
	BPF_CALL(munmap),
	BPF_CALL(mremap),
	BPF_CALL(madvise),
	BPF_CALL(fcntl),
#ifdef __NR_fcntl64
	BPF_CALL(fcntl64),
#endif
	BPF_CALL(rt_sigprocmask),
	BPF_CALL(rt_sigaction),
	BPF_CALL(rt_sigreturn),
	BPF_CALL(restart_syscall),
	BPF_CALL(gettid),
	BPF_CALL(tkill),
	BPF_CALL(exit),
	BPF_CALL(exit_group),
};

static const struct bpf_rule confine_stack_only[] = {
	BPF_CALL_ARG(ioctl, 1, SIOCGIFINDEX),
	BPF_CALL(splice),
	BPF_CALL(pipe2),
	BPF_CALL(shutdown),
	BPF_CALL(accept4),
	BPF_CALL(connect),
	BPF_CALL(bind),
	BPF_CALL(listen),
	BPF_CALL(getsockname),
	BPF_CALL(getpeername),
	BPF_CALL(recvmmsg),
	BPF_CALL(sendmmsg),
#ifdef __NR_recvmmsg_time64
	BPF_CALL(recvmmsg_time64),
#endif
	BPF_CALL(epoll_ctl),
#ifdef __NR_epoll_wait
	BPF_CALL(epoll_wait),
#endif
	BPF_CALL(epoll_pwait),
	BPF_CALL(epoll_pwait2),
	BPF_CLOCKS,
	BPF_CALL(getrandom),
};

static const struct bpf_rule confine_porter_only[] = {
	BPF_CALL_ARG(socket, 0, AF_PACKET),
	BPF_CALL(bind), /* of rings */
	BPF_CALL(inotify_add_watch),
	BPF_CALL(openat),
#ifdef __NR_open
	BPF_CALL(open),
#endif
	BPF_CALL(fstat),
#ifdef __NR_fstat64
	BPF_CALL(fstat64),
#endif
#ifdef __NR_newfstatat
	BPF_CALL(newfstatat),
#endif
#ifdef __NR_fstatat64
	BPF_CALL(fstatat64),
#endif
	BPF_CALL(statx),
	BPF_CALL(readlinkat),
#ifdef __NR_readlink
	BPF_CALL(readlink),
#endif
	BPF_CALL(getcwd),
};

static const struct bpf_rule confine_patchbay_only[] = {
	BPF_CALL_ARG(ioctl, 1, SIOCGIFHWADDR),
	BPF_CALL_ARG(socketpair, 0, AF_UNIX),
	BPF_CALL(accept4),
#ifdef __NR_fork
	BPF_CALL(fork),
#endif
	BPF_CALL_ARG(clone, 0, SIGCHLD),
};

static int confine_seccomp(const struct bpf_rule *own, size_t n, struct err *e)
{
	struct bpf_rule rules[ARRAY_LEN(confine_both) + ARRAY_LEN(confine_stack_only) +
			      ARRAY_LEN(confine_porter_only)];
	struct bpf program;
	size_t len = 0;
	int rc;

	for (size_t i = 0; i < n; i++)
		rules[len++] = own[i];
	for (size_t i = 0; i < ARRAY_LEN(confine_both); i++)
		rules[len++] = confine_both[i];
	rc = bpf_allow_rules(rules, len, SECCOMP_RET_ERRNO | ENOSYS, &program);
	if (rc)
		return err_code(e, rc, "assemble the seccomp filter");
	return bpf_install(&program, e);
}

/* File rights by the Landlock version that brought them. */
static uint64_t confine_file_rights(int abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= 1ull << 14; /* truncate */
	if (abi >= 5)
		rights |= 1ull << 15; /* ioctl on devices */
	return rights;
}

/* Without any rule in the set, each handled right is gone everywhere. The network is left
 * as it is: it is what the stack is for. A kernel without Landlock leaves seccomp. */
static int confine_landlock(uint64_t keep, struct err *e)
{
	uint64_t attr[3] = { 0, 0, 0 }; /* files, ports, scopes */
	int abi = landlock_abi(), fd, rc = 0;

	if (abi < 1)
		return 0;
	attr[0] = confine_file_rights(abi) & ~keep;
	if (abi >= 6)
		attr[2] = LANDLOCK_ABSTRACT | LANDLOCK_SIGNAL;
	fd = (int)syscall(__NR_landlock_create_ruleset, attr,
			  abi >= 6   ? sizeof(attr)
			  : abi >= 4 ? 2 * sizeof(*attr)
				     : sizeof(*attr),
			  0);
	if (fd < 0)
		return err_sys(e, "make a Landlock ruleset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(__NR_landlock_restrict_self, fd, 0) != 0)
		rc = err_sys(e, "enter the Landlock ruleset");
	close(fd);
	return rc;
}

int confine_stack(struct err *e)
{
	int rc = confine_landlock(0, e);

	prctl(PR_SET_DUMPABLE, 0);
	if (rc)
		return rc;
	return confine_seccomp(confine_stack_only, ARRAY_LEN(confine_stack_only), e);
}

int confine_porter(struct err *e)
{
	int rc = confine_landlock(
		LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR, e);

	if (rc)
		return rc;
	return confine_seccomp(confine_porter_only, ARRAY_LEN(confine_porter_only), e);
}

int confine_patchbay(struct err *e)
{
	int rc = confine_landlock(0, e);

	prctl(PR_SET_DUMPABLE, 0);
	if (rc)
		return rc;
	return confine_seccomp(confine_patchbay_only, ARRAY_LEN(confine_patchbay_only),
			       e);
}
