/* SPDX-License-Identifier: Apache-2.0 */
/* Loading a seccomp program. */
#include "core/ns/syscallfilter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int syscallfilter_load(const void *bpf, size_t n, struct err *e)
{
	struct sock_fprog prog = { .len = (unsigned short)(n /
							   sizeof(struct sock_filter)),
				   .filter = (struct sock_filter *)(void *)bpf };

	if (n == 0 || n % sizeof(struct sock_filter) ||
	    n / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return err_set(e, -EINVAL, "the compiled seccomp filter is damaged");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0)
		return 0;
	if (errno == ENOSYS &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0)
		return 0;
	return err_sys(e, "load the seccomp filter");
}
