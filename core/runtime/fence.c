/* SPDX-License-Identifier: Apache-2.0 */
/* Confinement of our own long-lived processes. */
#include "core/runtime/fence.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/base/mem.h"
#include "core/ns/bpf.h"
#include "core/ns/landlock.h"

/* #syscalls of pump, loop, client, logger, malloc and exit. */
static const int calls[] = {
#ifdef __NR_epoll_wait
	__NR_epoll_wait,
#endif
#ifdef __NR_renameat
	__NR_renameat,
#endif
#ifdef __NR_fstat
	__NR_fstat,
#endif
#ifdef __NR_newfstatat
	__NR_newfstatat,
#endif
#ifdef __NR_fstat64
	__NR_fstat64,
#endif
#ifdef __NR_fstatat64
	__NR_fstatat64,
#endif
#ifdef __NR_fcntl64
	__NR_fcntl64,
#endif
#ifdef __NR_mmap
	__NR_mmap,
#endif
#ifdef __NR_mmap2
	__NR_mmap2,
#endif
#ifdef __NR_ftruncate64
	__NR_ftruncate64,
#endif
#ifdef __NR_clock_gettime64
	__NR_clock_gettime64,
#endif
#ifdef __NR_clock_gettime
	__NR_clock_gettime,
#endif
#ifdef __NR_poll
	__NR_poll,
#endif
#ifdef __NR_ppoll
	__NR_ppoll,
#endif
#ifdef __NR_accept4
	__NR_accept4,
#endif
#ifdef __NR_recvfrom
	__NR_recvfrom,
#endif
#ifdef __NR_recvmsg
	__NR_recvmsg,
#endif
#ifdef __NR_sendto
	__NR_sendto,
#endif
#ifdef __NR_sendmsg
	__NR_sendmsg,
#endif
#ifdef __NR_socketcall
	__NR_socketcall, /* s390x: its only way to sockets on old kernels */
#endif
	__NR_read,
	__NR_write,
	__NR_writev,
	__NR_close,
	__NR_epoll_ctl,
	__NR_epoll_pwait,
	__NR_fcntl,
	__NR_ioctl,
	__NR_openat,
	__NR_pread64,
	__NR_renameat2,
	__NR_unlinkat,
	__NR_memfd_create,
	__NR_ftruncate,
	__NR_statx,
	__NR_brk,
	__NR_munmap,
	__NR_mremap,
	__NR_madvise,
	__NR_mprotect,
	__NR_rt_sigreturn,
	__NR_rt_sigprocmask,
	__NR_rt_sigaction,
	__NR_gettid,
	__NR_getpid,
	__NR_tkill,
	__NR_restart_syscall,
	__NR_exit,
	__NR_exit_group,
	__NR_pidfd_send_signal,
};

int fence_pump(int dir)
{
	struct bpf program;
	int r;

	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = landlock_fence(&dir, dir >= 0 ? 1 : 0);
	/* Without Landlock the filter alone holds. */
	if (r < 0 && r != -EOPNOTSUPP)
		return r;
	r = bpf_allow_list(calls, ARRAY_LEN(calls), SECCOMP_RET_KILL_PROCESS, &program);
	return r < 0 ? r : bpf_install(&program, NULL);
}
