/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a seccomp program. */
#include "core/ns/syscallfilter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1ul << 5)
#endif
#define FLAGS_KNOWN \
	(SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | \
	 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

static uint32_t flags_of(const void *bpf, size_t n)
{
	struct sock_filter last;

	memcpy(&last, (const char *)bpf + n - sizeof(last), sizeof(last));
	return last.code == (BPF_RET | BPF_K) && last.jt == SYSCALLFILTER_FLAGS_MARK
		       ? last.k
		       : 0;
}

/* The kernel judges flags before it looks for the program. */
static bool flags_supported(uint32_t flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 &&
	       errno == EFAULT;
}

int syscallfilter_load(const void *bpf, size_t n, struct err *e)
{
	struct sock_fprog prog = { .len = (unsigned short)(n /
							   sizeof(struct sock_filter)),
				   .filter = (struct sock_filter *)(void *)bpf };
	uint32_t flags;
	long fd;
	int r;

	if (n == 0 || n % sizeof(struct sock_filter) ||
	    n / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return err_set(e, -EINVAL, "the compiled seccomp filter is damaged");
	flags = flags_of(bpf, n);
	if (flags & ~(uint32_t)FLAGS_KNOWN)
		return err_set(e, -EINVAL, "the compiled seccomp filter is damaged");
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (fd >= 0)
		return (int)fd;
	/* Before Linux 3.17 there were no flags either. */
	if (errno == ENOSYS && flags == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0)
		return 0;
	r = -errno;
	if (r == -EINVAL && flags != 0 && !flags_supported(flags))
		return err_set(e, -EOPNOTSUPP,
			       "this kernel does not know the seccomp profile's flags "
			       "(SECCOMP_FILTER_FLAG_…, %#x)",
			       flags);
	return err_code(e, r, "load the seccomp filter");
}
