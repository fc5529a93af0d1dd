/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp allow-lists assembled by hand. The list is linear: since 5.11 the kernel keeps
 * a bitmap of the calls that a filter always allows, so its length costs nothing. */
#include "core/ns/bpf.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/ns/syscallfilter.h"

#if defined(__x86_64__)
#define BPF_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define BPF_ARCH AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define BPF_ARCH AUDIT_ARCH_S390X
#elif defined(__riscv) && __riscv_xlen == 64
#define BPF_ARCH AUDIT_ARCH_RISCV64
#elif defined(__arm__)
#define BPF_ARCH AUDIT_ARCH_ARM
#elif defined(__i386__)
#define BPF_ARCH AUDIT_ARCH_I386
#elif defined(__powerpc64__)
#define BPF_ARCH AUDIT_ARCH_PPC64LE
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "name the AUDIT_ARCH_ of this architecture"
#endif

static int bpf_emit(struct bpf *b, struct sock_filter insn)
{
	if (b->len == BPF_CODE_MAX)
		return -E2BIG;
	b->code[b->len++] = insn;
	return 0;
}

static int bpf_load(struct bpf *b, uint32_t offset)
{
	return bpf_emit(b,
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static int bpf_jump_equal(struct bpf *b, uint32_t value, uint8_t if_not)
{
	return bpf_emit(b, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
							0, if_not));
}

static int bpf_return(struct bpf *b, uint32_t action)
{
	return bpf_emit(b, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static uint32_t bpf_arg_low(int arg)
{
	uint32_t at = offsetof(struct seccomp_data, args) + 8u * (uint32_t)arg;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	at += 4;
#endif
	return at;
}

/* Each rule leaves the call's number in the accumulator for the next. */
static int bpf_rule_emit(struct bpf *b, const struct bpf_rule *r)
{
	int rc;

	if (r->arg < 0) {
		rc = bpf_jump_equal(b, (uint32_t)r->nr, 1);
		return rc ? rc : bpf_return(b, SECCOMP_RET_ALLOW);
	}
	rc = bpf_jump_equal(b, (uint32_t)r->nr, 5);
	if (!rc)
		rc = bpf_load(b, bpf_arg_low(r->arg));
	if (!rc)
		rc = bpf_emit(b, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
							      r->mask));
	if (!rc)
		rc = bpf_jump_equal(b, r->value, 1);
	if (!rc)
		rc = bpf_return(b, SECCOMP_RET_ALLOW);
	return rc ? rc : bpf_load(b, offsetof(struct seccomp_data, nr));
}

/* What the run time of the sanitizers calls by itself, in the builds for them: all our
 * lists hold there too, with these on top. */
static int bpf_sanitizer_rules(struct bpf *b)
{
	int rc = 0;
#ifdef SANITIZED
	static const struct bpf_rule rules[] = {
		BPF_CALL(mmap),        BPF_CALL(munmap),      BPF_CALL(mprotect),
		BPF_CALL(madvise),     BPF_CALL(sigaltstack), BPF_CALL(rt_sigprocmask),
		BPF_CALL(sched_yield), BPF_CALL(futex),       BPF_CALL(getpid),
		BPF_CALL(gettid),      BPF_CALL(write),       BPF_CALL(exit),
		BPF_CALL(exit_group),
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules) && !rc; i++)
		rc = bpf_rule_emit(b, &rules[i]);
#endif
	return rc;
}

int bpf_allow_rules(const struct bpf_rule *rules, size_t n, uint32_t deny,
		    struct bpf *ret)
{
	struct bpf b = { .len = 0 };
	int rc = bpf_load(&b, offsetof(struct seccomp_data, arch));

	if (!rc)
		rc = bpf_emit(&b, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							       BPF_ARCH, 1, 0));
	if (!rc)
		rc = bpf_return(&b, SECCOMP_RET_KILL_PROCESS);
	if (!rc)
		rc = bpf_load(&b, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n && !rc; i++)
		rc = bpf_rule_emit(&b, &rules[i]);
	if (!rc)
		rc = bpf_sanitizer_rules(&b);
	if (!rc)
		rc = bpf_return(&b, deny);
	if (rc)
		return rc;
	*ret = b;
	return 0;
}

int bpf_allow_list(const int *nrs, size_t n, uint32_t deny, struct bpf *ret)
{
	struct bpf_rule rules[BPF_CODE_MAX / 2];

	if (n > BPF_CODE_MAX / 2)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct bpf_rule){ nrs[i], -1, 0, 0 };
	return bpf_allow_rules(rules, n, deny, ret);
}

int bpf_install(const struct bpf *b, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(e, "set no_new_privs");
	return syscallfilter_load(b->code, b->len * sizeof(b->code[0]), e);
}
