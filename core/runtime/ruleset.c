/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed seccomp profile as a BPF program. As runc reads profiles: a rule whose action
 * is the default one says nothing, and conditions on one and the same argument are
 * alternatives, on different ones they must all hold. */
#include "core/runtime/ruleset.h"

#include <ctype.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/runtime/narrow.h"
#include "core/runtime/prologue.h"
#include "core/runtime/verdict.h"

/* Far past what any program of BPF_MAXINSNS holds; libseccomp slows down with each. */
#define RULES_MAX 8192
#define ARGS_MAX  6
#define KILLABLE  "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1ul << 5)
#endif

struct ruleset {
	scmp_filter_ctx ctx;
	uint32_t fallback; /* the default action */
	uint32_t arches[PROLOGUE_ARCHES_MAX];
	size_t arches_len;
	size_t rules;
};

static void ruleset_done(struct ruleset *s)
{
	if (s->ctx)
		seccomp_release(s->ctx);
}

/* --- architectures and flags ---------------------------------------------------------
 */

static int arch_token(const char *name, uint32_t *ret, struct err *e)
{
	char low[24] = "";

	if (str_starts(name, "SCMP_ARCH_"))
		str_copy(low, sizeof(low), name + strlen("SCMP_ARCH_"));
	for (char *c = low; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	*ret = *low ? seccomp_arch_resolve_name(low) : 0;
	if (!*ret)
		return err_set(e, -EINVAL, "unknown seccomp architecture '%s'", name);
	return 0;
}

static int add_arches(struct ruleset *s, const struct strv *names, struct err *e)
{
	s->arches[s->arches_len++] = seccomp_arch_native();
	for (size_t i = 0; i < names->len; i++) {
		uint32_t token;
		int r = arch_token(names->v[i], &token, e);

		if (r < 0)
			return r;
		if (token == SCMP_ARCH_X32 || seccomp_arch_exist(s->ctx, token) == 0)
			continue;
		if (s->arches_len == PROLOGUE_ARCHES_MAX)
			return err_set(e, -E2BIG, "more than %d seccomp architectures",
				       PROLOGUE_ARCHES_MAX);
		r = seccomp_arch_add(s->ctx, token);
		if (r < 0)
			return err_code(e, r, "seccomp architecture '%s'", names->v[i]);
		s->arches[s->arches_len++] = token;
	}
	return 0;
}

static int read_flags(const struct seccompprofile *p, uint32_t *ret, struct err *e)
{
	const struct strv *names = &p->flags;

	*ret = p->notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	for (size_t i = 0; i < names->len; i++) {
		const char *name = names->v[i];

		if (str_eq(name, "SECCOMP_FILTER_FLAG_LOG"))
			*ret |= SECCOMP_FILTER_FLAG_LOG;
		else if (str_eq(name, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
			*ret |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
		else if (str_eq(name, KILLABLE) && p->notifies)
			*ret |= SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		else if (str_eq(name, KILLABLE))
			return err_set(e, -EOPNOTSUPP,
				       "seccomp flag '%s' is not supported: it belongs "
				       "to SCMP_ACT_NOTIFY",
				       name);
		/* What loads the filter has one thread, so that it is in step. */
		else if (!str_eq(name, "SECCOMP_FILTER_FLAG_TSYNC"))
			return err_set(e, -EINVAL, "unknown seccomp flag '%s'", name);
	}
	return 0;
}

/* --- rules ---------------------------------------------------------------------------
 */

/* One call with the conditions that must all hold. */
struct call {
	const char *name;
	int nr;
	uint32_t verdict;
	const struct scmp_arg_cmp *conds;
	unsigned int conds_len;
	struct scmp_arg_cmp done[ARGS_MAX]; /* as libseccomp is given them */
};

static int add_rule(struct ruleset *s, const struct call *c, unsigned int n,
		    struct err *e)
{
	int r;

	if (++s->rules > RULES_MAX)
		return err_set(e, -E2BIG, "the seccomp profile is too large");
	r = seccomp_rule_add_array(s->ctx, c->verdict, c->nr, n, c->done);
	if (r == -EEXIST)
		return err_set(e, -EINVAL, "seccomp rules for '%s' contradict each other",
			       c->name);
	return r < 0 ? err_code(e, r, "seccomp rule for '%s'", c->name) : 0;
}

/* Conditions from the i-th on; n of those before it are in c->done. Calls itself for the
 * next condition, so six levels at most. */
static int add_from(struct ruleset *s, struct call *c, unsigned int i, unsigned int n,
		    struct err *e)
{
	struct scmp_arg_cmp parts[NARROW_MAX];
	size_t parts_len;

	if (i == c->conds_len)
		return add_rule(s, c, n, e);
	if (!narrow_is(c->name, c->conds[i].arg)) {
		c->done[n] = c->conds[i];
		return add_from(s, c, i + 1, n + 1, e);
	}
	parts_len = narrow_split(&c->conds[i], parts);
	for (size_t k = 0; k < parts_len; k++) {
		bool always = parts[k].datum_a == 0;
		int r;

		c->done[n] = parts[k];
		r = add_from(s, c, i + 1, n + !always, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int compare_op(const char *op, enum scmp_compare *ret, struct err *e)
{
	static const char *const names[] = {
		[SCMP_CMP_NE] = "SCMP_CMP_NE",
		[SCMP_CMP_LT] = "SCMP_CMP_LT",
		[SCMP_CMP_LE] = "SCMP_CMP_LE",
		[SCMP_CMP_EQ] = "SCMP_CMP_EQ",
		[SCMP_CMP_GE] = "SCMP_CMP_GE",
		[SCMP_CMP_GT] = "SCMP_CMP_GT",
		[SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
	};

	for (size_t i = SCMP_CMP_NE; i < ARRAY_LEN(names); i++) {
		if (str_eq(names[i], op)) {
			*ret = (enum scmp_compare)i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, "unknown seccomp comparison '%s'", op);
}

/* *ret_either: two of them concern the same argument. */
static int read_conds(const struct seccomp_rule *r, struct scmp_arg_cmp ret[ARGS_MAX],
		      bool *ret_either, struct err *e)
{
	unsigned int seen = 0;

	*ret_either = false;
	for (size_t i = 0; i < r->args_len; i++) {
		const struct seccomp_arg *a = &r->args[i];
		int rc = compare_op(a->op, &ret[i].op, e);

		if (rc < 0)
			return rc;
		if (a->index >= ARGS_MAX)
			return err_set(e, -EINVAL, "seccomp rule on argument %u: past 5",
				       a->index);
		ret[i].arg = a->index;
		ret[i].datum_a = a->value;
		ret[i].datum_b = a->value_two;
		*ret_either |= seen >> a->index & 1;
		seen |= 1u << a->index;
	}
	return 0;
}

static int add_call(struct ruleset *s, struct call *c, bool either, struct err *e)
{
	const struct scmp_arg_cmp *conds = c->conds;
	unsigned int n = c->conds_len;

	if (!either)
		return add_from(s, c, 0, 0, e);
	c->conds_len = 1;
	for (unsigned int i = 0; i < n; i++) {
		int r;

		c->conds = &conds[i];
		r = add_from(s, c, 0, 0, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_named(struct ruleset *s, const struct seccomp_rule *r, struct err *e)
{
	struct scmp_arg_cmp conds[ARGS_MAX];
	uint32_t verdict;
	bool either;
	int rc = verdict_parse(r->action, r->errno_ret, &verdict, e);

	if (rc >= 0)
		rc = read_conds(r, conds, &either, e);
	for (size_t i = 0; i < r->names.len && rc >= 0; i++) {
		struct call c = {
			.name = r->names.v[i],
			.nr = seccomp_syscall_resolve_name(r->names.v[i]),
			.verdict = verdict,
			.conds = conds,
			.conds_len = (unsigned int)r->args_len,
		};

		if (c.nr != __NR_SCMP_ERROR && verdict != s->fallback)
			rc = add_call(s, &c, either, e);
	}
	return rc < 0 ? rc : 0;
}

/* --- the whole -----------------------------------------------------------------------
 */

static int begin(struct ruleset *s, const struct seccompprofile *p, struct err *e)
{
	int r = verdict_parse(p->default_action, p->default_errno, &s->fallback, e);

	if (r < 0)
		return r;
	s->ctx = seccomp_init(s->fallback);
	if (!s->ctx)
		return err_set(e, -EOPNOTSUPP, "this kernel has no seccomp action '%s'",
			       p->default_action);
	/* no_new_privs is not the filter's to decide. */
	r = seccomp_attr_set(s->ctx, SCMP_FLTATR_CTL_NNP, 0);
	/* A tree by number: the kernel runs the program once for each call when it is
	 * loaded, and for each call made that is not always allowed. */
	if (r == 0)
		r = seccomp_attr_set(s->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r < 0)
		return err_code(e, r, "seccomp attributes");
	/* Rather than leaving a process without one of its threads; before 4.14 the
	 * kernel can do no other. */
	seccomp_attr_set(s->ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	return 0;
}

static int export(const struct ruleset *s, const struct prologue *pro, struct buf *ret,
		  struct err *e)
{
	size_t head = pro->len * sizeof(*pro->code), n = 0;
	int r = seccomp_export_bpf_mem(s->ctx, NULL, &n);

	if (r < 0)
		return err_code(e, r, "compile the seccomp profile");
	if (head + n > BPF_MAXINSNS * sizeof(*pro->code))
		return err_set(e, -E2BIG,
			       "the seccomp profile is too large: %zu instructions, the "
			       "kernel takes %d",
			       (head + n) / sizeof(*pro->code), BPF_MAXINSNS);
	if (buf_add(ret, pro->code, head) < 0 || buf_reserve(ret, n) < 0)
		return err_set(e, -E2BIG, "the seccomp profile is too large");
	/* Exactly n: libseccomp 2.6 copies as much as it is offered. */
	r = seccomp_export_bpf_mem(s->ctx, ret->data + ret->len, &n);
	if (r < 0)
		return err_code(e, r, "compile the seccomp profile");
	ret->len += n;
	return 0;
}

int ruleset_compile(const struct seccompprofile *p, struct buf *ret, uint32_t *ret_flags,
		    struct err *e)
{
	autodone(ruleset_done) struct ruleset s = { 0 };
	struct prologue pro;
	int r = read_flags(p, ret_flags, e);

	if (r >= 0)
		r = begin(&s, p, e);
	if (r >= 0)
		r = add_arches(&s, &p->architectures, e);
	for (size_t i = 0; i < p->rules_len && r >= 0; i++)
		r = add_named(&s, &p->rules[i], e);
	if (r >= 0)
		r = prologue_build(p, s.arches, s.arches_len, &pro, e);
	return r < 0 ? r : export(&s, &pro, ret, e);
}
