/* SPDX-License-Identifier: Apache-2.0 */
/* The instructions before libseccomp's program:
 *
 * - x32, a second table of calls on x86_64 that few kernels still carry, answers ENOSYS
 *   as a kernel without it does, even where the profile lists SCMP_ARCH_X32.
 * - Multiplexers (socketcall and ipc of i386, s390, …) take a call's arguments from
 *   memory, where no filter looks: given a rule on the family of socket, libseccomp lets
 *   socketcall(SYS_SOCKET) through for every family. So where a profile puts conditions
 *   on a call that stands behind a multiplexer and has no rule for the multiplexer, the
 *   latter answers ENOSYS. A profile's own rule for it is kept.
 * - Calls newer than the newest that the profile names answer ENOSYS where it refuses
 *   with something else, as runc does it: libraries fall back on ENOSYS only.
 *
 * Only instructions that the kernel's bitmap of always-allowed calls (5.11) sees through.
 */
#include "core/runtime/prologue.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/verdict.h"

#define X32_BIT 0x40000000u
/* Calls of arm that are no part of the table. */
#define ARM_PRIVATE 0x0f0000u

struct check {
	uint16_t jump; /* BPF_JEQ, BPF_JGE, BPF_JGT against the number */
	uint32_t nr;
	uint32_t verdict;
	bool pass; /* leave it to the program instead */
};

struct arch {
	uint32_t token;
	struct check checks[PROLOGUE_CHECKS_MAX];
	size_t len;
};

/* libseccomp's numbers for what stands behind each, the same on all architectures. */
static const struct mux {
	const char *name;
	int first, last;
} muxes[] = {
	{ "socketcall", __PNR_socket, __PNR_sendmmsg },
	{ "ipc", __PNR_semop, __PNR_shmctl },
};

static void arch_check(struct arch *a, struct check c)
{
	a->checks[a->len++] = c;
}

/* --- multiplexers --------------------------------------------------------------------
 */

static bool behind(const struct mux *m, const char *name)
{
	/* On i386 libseccomp resolves to the numbers behind the multiplexer. */
	int nr = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name);

	return nr <= m->first && nr >= m->last;
}

static bool rule_concerns(const struct seccomp_rule *r, const struct mux *m)
{
	for (size_t i = 0; i < r->names.len; i++) {
		if (behind(m, r->names.v[i]))
			return true;
	}
	return false;
}

/* 1: *ret is what the multiplexer answers; 0: it is the program's matter. */
static int mux_verdict(const struct seccompprofile *p, const struct mux *m, uint32_t *ret,
		       struct err *e)
{
	bool conditions = false;

	for (size_t i = 0; i < p->rules_len; i++) {
		const struct seccomp_rule *r = &p->rules[i];
		int rc;

		if (!strv_has(&r->names, m->name)) {
			conditions |= r->args_len > 0 && rule_concerns(r, m);
			continue;
		}
		if (r->args_len > 0)
			return 0;
		/* Said here, as libseccomp takes no rule that equals the default. */
		rc = verdict_parse(r->action, r->errno_ret, ret, e);
		return rc < 0 ? rc : 1;
	}
	*ret = SCMP_ACT_ERRNO(ENOSYS);
	return conditions;
}

static int add_muxes(const struct seccompprofile *p, struct arch *a, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(muxes); i++) {
		int nr = seccomp_syscall_resolve_name_arch(a->token, muxes[i].name);
		uint32_t verdict;
		int r;

		if (nr < 0)
			continue;
		r = mux_verdict(p, &muxes[i], &verdict, e);
		if (r < 0)
			return r;
		if (r > 0)
			arch_check(a,
				   (struct check){ BPF_JEQ, (uint32_t)nr, verdict, 0 });
	}
	return 0;
}

/* --- newer calls ---------------------------------------------------------------------
 */

/* The number of a call that the profile names. What stands behind a multiplexer too has a
 * number of its own, which libseccomp does not tell: such calls came with Linux 5.1 at
 * the latest, so all of 5.1 counts as known. */
static int known_number(uint32_t token, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	for (size_t i = 0; i < ARRAY_LEN(muxes); i++) {
		if (nr <= muxes[i].first && nr >= muxes[i].last)
			return seccomp_syscall_resolve_name_arch(token,
								 "pidfd_send_signal");
	}
	if (token == SCMP_ARCH_ARM && nr >= (int)ARM_PRIVATE)
		return -1;
	return nr;
}

static int newest(const struct seccompprofile *p, uint32_t token)
{
	int max = -1;

	for (size_t i = 0; i < p->rules_len; i++) {
		const struct strv *names = &p->rules[i].names;

		for (size_t j = 0; j < names->len; j++) {
			int nr = known_number(token, names->v[j]);

			if (nr > max)
				max = nr;
		}
	}
	return max;
}

static void add_newer(const struct seccompprofile *p, struct arch *a)
{
	struct check unknown = { .verdict = SCMP_ACT_ERRNO(ENOSYS) };
	int max = newest(p, a->token);

	if (max < 0)
		return;
	unknown.jump = BPF_JGT;
	unknown.nr = (uint32_t)max;
	if (a->token == SCMP_ARCH_ARM)
		arch_check(a, (struct check){ BPF_JGE, ARM_PRIVATE, 0, .pass = true });
	arch_check(a, unknown);
	/* There a number unknown to the kernel arrives as 0, which is no call in use. */
	unknown.jump = BPF_JEQ;
	unknown.nr = 0;
	if (a->token == SCMP_ARCH_S390 || a->token == SCMP_ARCH_S390X)
		arch_check(a, unknown);
}

/* Not where the default action lets calls through, nor where it leaves them to a tracer,
 * which may know more calls than the profile. */
static bool hides_newer(uint32_t fallback)
{
	return !verdict_permits(fallback) && fallback != SCMP_ACT_ERRNO(ENOSYS) &&
	       (fallback & SECCOMP_RET_ACTION_FULL) != SCMP_ACT_TRACE(0);
}

/* --- code ----------------------------------------------------------------------------
 */

static void emit(struct prologue *p, struct sock_filter insn)
{
	p->code[p->len++] = insn;
}

/* Jumps past the prologue's end; where that is, is filled in last. */
static void emit_leave(struct prologue *p)
{
	emit(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
}

static void resolve_leaves(struct prologue *p)
{
	for (size_t i = 0; i < p->len; i++) {
		if (p->code[i].code == (BPF_JMP | BPF_JA))
			p->code[i].k = (uint32_t)(p->len - i - 1);
	}
}

/* The accumulator holds the architecture before, and after when it was another one. */
static void emit_arch(struct prologue *p, const struct arch *a)
{
	uint8_t skip = (uint8_t)(2 + 2 * a->len);

	emit(p,
	     (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, a->token, 0, skip));
	emit(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < a->len; i++) {
		const struct check *c = &a->checks[i];

		emit(p, (struct sock_filter)BPF_JUMP(BPF_JMP | c->jump | BPF_K, c->nr, 0,
						     1));
		if (c->pass)
			emit_leave(p);
		else
			emit(p,
			     (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, c->verdict));
	}
	emit_leave(p);
}

int prologue_build(const struct seccompprofile *p, const uint32_t *arches, size_t n,
		   struct prologue *ret, struct err *e)
{
	uint32_t fallback;
	int r = verdict_parse(p->default_action, p->default_errno, &fallback, e);

	if (r < 0)
		return r;
	ret->len = 0;
	emit(ret, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					       offsetof(struct seccomp_data, arch)));
	for (size_t i = 0; i < n; i++) {
		struct arch a = { .token = arches[i] };

		if (a.token == SCMP_ARCH_X86_64)
			arch_check(&a, (struct check){ BPF_JGE, X32_BIT,
						       SCMP_ACT_ERRNO(ENOSYS), 0 });
		r = add_muxes(p, &a, e);
		if (r < 0)
			return r;
		if (hides_newer(fallback))
			add_newer(p, &a);
		if (a.len > 0)
			emit_arch(ret, &a);
	}
	resolve_leaves(ret);
	return 0;
}
