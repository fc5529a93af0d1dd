/* SPDX-License-Identifier: Apache-2.0 */
/* fork(2) with more to say: clone3(2), or clone(2) where that is missing. */
#include "core/ns/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static long old_clone(int flags)
{
	/* The new flags lie where clone(2) has the signal. */
	long all = (long)((unsigned)flags & ~0xffu);

	if (!(flags & CLONE_PARENT))
		all |= SIGCHLD;
#ifdef __s390x__
	return syscall(SYS_clone, NULL, all, NULL, NULL, NULL);
#else
	return syscall(SYS_clone, all, NULL, NULL, NULL, NULL);
#endif
}

pid_t clone_fork(int flags)
{
	struct clone_args args = { .flags = (uint64_t)(unsigned)flags };
	long pid;

	if (!(flags & CLONE_PARENT))
		args.exit_signal = SIGCHLD;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == EINVAL && (flags & CLONE_NEWTIME)) {
		args.flags &= ~(uint64_t)CLONE_NEWTIME;
		pid = syscall(SYS_clone3, &args, sizeof(args));
	}
	if (pid < 0 && errno == ENOSYS)
		pid = old_clone(flags);
	return pid < 0 ? -errno : (pid_t)pid;
}
