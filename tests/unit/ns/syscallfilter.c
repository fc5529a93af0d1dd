/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/syscallfilter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/ns/bpf.h"
#include "tests/unit/test.h"

#define ALLOW_ALL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FLAGS(k) \
	{ \
		BPF_RET | BPF_K, SYSCALLFILTER_FLAGS_MARK, 0, (k) \
	}
#define NO_SECCOMP    77
#define AT_EXIT(code) ((code) << 8)

/* What a child that does this ends with. */
static int of_child(int (*run)(const void *), const void *arg)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(run(arg));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

/* The first program answers seccomp(2) by its flags: those of want pass, others see
 * ENOTTY. So what a program is loaded with is seen from outside. */
static int load_watched(const void *want)
{
	const uint32_t flags = *(const uint32_t *)want;
	struct sock_filter plain[] = { ALLOW_ALL };
	struct sock_filter marked[] = { ALLOW_ALL, FLAGS(flags) };
	const struct bpf_rule rules[] = { BPF_CALL_ARG(seccomp, 1, flags),
					  BPF_CALL(exit_group) };
	struct err e = { 0 };
	struct bpf watch;

	if (bpf_allow_rules(rules, ARRAY_LEN(rules), SECCOMP_RET_ERRNO | ENOTTY, &watch) <
		    0 ||
	    bpf_install(&watch, NULL) < 0)
		return NO_SECCOMP;
	if (syscallfilter_load(plain, sizeof(plain), &e) != -ENOTTY)
		return 1;
	return syscallfilter_load(marked, sizeof(marked), &e) == 0 ? 0 : 2;
}

TEST(flags_reach_the_kernel)
{
	static const uint32_t sets[] = {
		SECCOMP_FILTER_FLAG_LOG,
		SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
	};

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		int status = of_child(load_watched, &sets[i]);

		if (status == AT_EXIT(NO_SECCOMP)) {
			test_skip("no seccomp here");
			return;
		}
		CHECK_INT(status, 0);
	}
}

/* A flag that no profile may give, such as for all threads, is no flag of ours. */
TEST(damaged)
{
	struct sock_filter others[] = { ALLOW_ALL, FLAGS(SECCOMP_FILTER_FLAG_TSYNC) };
	struct err e = { 0 };

	CHECK_INT(syscallfilter_load(others, sizeof(others), &e), -EINVAL);
	CHECK_STR(e.text, "the compiled seccomp filter is damaged");
	CHECK_INT(syscallfilter_load(others, 0, &e), -EINVAL);
	CHECK_INT(syscallfilter_load(others, sizeof(others) - 1, &e), -EINVAL);
	CHECK_INT(syscallfilter_load(others, (BPF_MAXINSNS + 1) * sizeof(*others), &e),
		  -EINVAL);
}

/* The last instruction, a return without the mark, is no set of flags. */
static int load_unmarked(const void *arg)
{
	struct sock_filter program[] = {
		ALLOW_ALL, BPF_STMT(BPF_RET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER)
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	switch (syscallfilter_load(program, sizeof(program), NULL)) {
	case 0:
		return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER ? 0 : 2;
	case -ENOSYS:
	case -EINVAL: /* qemu-user */
		return NO_SECCOMP;
	default:
		return 3;
	}
}

TEST(only_the_mark_makes_flags)
{
	int status = of_child(load_unmarked, NULL);

	if (status == AT_EXIT(NO_SECCOMP))
		test_skip("no seccomp here");
	else
		CHECK_INT(status, 0);
}
