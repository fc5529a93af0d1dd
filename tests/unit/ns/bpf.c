/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/bpf.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static const struct bpf_rule rules[] = {
	BPF_CALL_ARG(socket, 0, AF_INET),
	BPF_CALL_MASK(prctl, 0, 0xff00, 0),
	BPF_CALL(write),
	BPF_CALL(exit_group),
};

/* Each bit: a call that did not do as the list says. */
static int child(void)
{
	struct bpf b;
	int bad = 0;

	if (bpf_allow_rules(rules, 4, SECCOMP_RET_ERRNO | ENOTTY, &b) != 0 ||
	    bpf_install(&b, NULL) != 0)
		return 64;
	bad |= socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != ENOTTY;
	bad |= (socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == ENOTTY) << 1;
	bad |= (syscall(__NR_getppid) != -1 || errno != ENOTTY) << 2;
	bad |= (write(1, "", 0) != 0) << 3;
	bad |= (prctl(PR_GET_DUMPABLE) < 0 && errno == ENOTTY) << 4;
	bad |= (prctl(0x5300) != -1 || errno != ENOTTY) << 5;
	return bad;
}

TEST(allows_what_is_listed_and_nothing_else)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(child());
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	/* qemu-user has no seccomp. */
	if (WEXITSTATUS(status) == 64)
		test_skip("no seccomp here");
	else
		CHECK_INT(WEXITSTATUS(status), 0);
}

TEST(too_long)
{
	int nrs[BPF_CODE_MAX] = { 0 };
	struct bpf b;

	CHECK_INT(bpf_allow_list(nrs, BPF_CODE_MAX, 0, &b), -E2BIG);
	CHECK_INT(bpf_allow_list(nrs, BPF_CODE_MAX / 2, 0, &b), -E2BIG);
	CHECK_INT(bpf_allow_list(nrs, 0, 0, &b), 0);
	int frame = b.len;
	CHECK_INT(bpf_allow_list(nrs, 100, 0, &b), 0);
	CHECK_INT(b.len, frame + 200);
}
