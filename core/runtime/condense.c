/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges instead of numbers.
 *
 * The program is run for one number of each range that its own comparisons can tell
 * apart, up to a verdict or to the first look at an argument. Equal neighbours are
 * joined, and what is left is written as a binary search; where arguments decide, it
 * jumps to a copy of the old instructions. */
#include "core/runtime/condense.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define NR     offsetof(struct seccomp_data, nr)
#define ARCH   offsetof(struct seccomp_data, arch)
#define NEAR   255 /* as far as a condition jumps */
#define ARCHES 16

/* What the accumulator holds. */
enum held { HELD_NOTHING, HELD_NR, HELD_ARCH, HELD_ARGUMENT, HELD_KINDS };

/* Where a range leads: to a verdict, or to the instruction where arguments decide. */
struct leaf {
	bool argument;
	uint32_t to; /* the verdict, or an index */
};

struct segment {
	uint32_t from;
	struct leaf leaf;
};

struct condense {
	const struct sock_filter *old;
	size_t len;
	uint32_t *bounds; /* where a new range may begin, ascending, the first is 0 */
	size_t bounds_len;
	uint32_t arches[ARCHES];
	size_t arches_len;
	struct segment *segments;
	uint8_t *seen; /* bits of enum held, or 1: is to be copied */
	struct sock_filter *code;
	size_t *jumps; /* instructions of code whose k is still an index of old */
	size_t at, jumps_len, max;
	bool full;
};

/* --- what the old program tells apart ------------------------------------------------
 */

static int add_arch(struct condense *c, uint32_t arch)
{
	for (size_t i = 0; i < c->arches_len; i++) {
		if (c->arches[i] == arch)
			return 0;
	}
	if (c->arches_len == ARCHES)
		return -E2BIG;
	c->arches[c->arches_len++] = arch;
	return 0;
}

static int note_condition(struct condense *c, const struct sock_filter *i, enum held held)
{
	bool past = BPF_OP(i->code) != BPF_JGE;

	if (held == HELD_ARGUMENT || BPF_OP(i->code) == BPF_JA)
		return 0;
	if (held == HELD_NOTHING || BPF_OP(i->code) == BPF_JSET)
		return -EOPNOTSUPP;
	if (held == HELD_ARCH)
		return BPF_OP(i->code) == BPF_JEQ ? add_arch(c, i->k) : -EOPNOTSUPP;
	if (BPF_OP(i->code) != BPF_JGT)
		c->bounds[c->bounds_len++] = i->k;
	if (past && i->k < UINT32_MAX)
		c->bounds[c->bounds_len++] = i->k + 1;
	return 0;
}

static enum held after(const struct sock_filter *i, enum held held)
{
	if (BPF_CLASS(i->code) != BPF_LD)
		return held;
	return i->k == NR ? HELD_NR : i->k == ARCH ? HELD_ARCH : HELD_ARGUMENT;
}

/* One instruction that is reached holding held; its successors are marked. */
static int survey_one(struct condense *c, size_t at, enum held held)
{
	const struct sock_filter *i = &c->old[at];
	uint8_t bit = (uint8_t)(1u << after(i, held));
	size_t yes = at + 1, no = yes;
	int r = 0;

	switch (i->code) {
	case BPF_RET | BPF_K:
		return 0;
	case BPF_LD | BPF_W | BPF_ABS:
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		if (held != HELD_ARGUMENT)
			return -EOPNOTSUPP;
		break;
	case BPF_JMP | BPF_JA:
		yes = no = at + 1 + i->k;
		break;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		yes += i->jt;
		no += i->jf;
		r = note_condition(c, i, held);
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (yes >= c->len || no >= c->len)
		return -EOPNOTSUPP;
	c->seen[yes] |= bit;
	c->seen[no] |= bit;
	return r;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Jumps only go forward, so one pass sees everything. */
static int survey(struct condense *c)
{
	size_t kept = 0;

	/* Each condition is met holding the number once, and adds two bounds. */
	c->bounds = mem_array(2 * c->len + 1, sizeof(*c->bounds));
	c->bounds[c->bounds_len++] = 0;
	c->seen[0] = 1u << HELD_NOTHING;
	for (size_t at = 0; at < c->len; at++) {
		for (unsigned int held = 0; held < HELD_KINDS; held++) {
			int r = c->seen[at] & 1u << held ? survey_one(c, at, held) : 0;

			if (r < 0)
				return r;
		}
	}
	qsort(c->bounds, c->bounds_len, sizeof(*c->bounds), ascending);
	for (size_t i = 0; i < c->bounds_len; i++) {
		if (i == 0 || c->bounds[i] != c->bounds[kept - 1])
			c->bounds[kept++] = c->bounds[i];
	}
	c->bounds_len = kept;
	return 0;
}

/* --- what it answers -----------------------------------------------------------------
 */

static bool holds(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGE:
		return a >= i->k;
	default:
		return a > i->k;
	}
}

static struct leaf run(const struct condense *c, uint32_t arch, uint32_t nr)
{
	uint32_t a = 0;
	size_t at = 0;

	for (;;) {
		const struct sock_filter *i = &c->old[at++];

		if (BPF_CLASS(i->code) == BPF_RET)
			return (struct leaf){ .to = i->k };
		if (BPF_CLASS(i->code) == BPF_LD && i->k != NR && i->k != ARCH)
			return (struct leaf){ .argument = true, .to = (uint32_t)at - 1 };
		if (BPF_CLASS(i->code) == BPF_LD)
			a = i->k == NR ? nr : arch;
		else
			at += i->code == (BPF_JMP | BPF_JA) ? i->k
			      : holds(i, a)                 ? i->jt
							    : i->jf;
	}
}

/* The ranges of one architecture into c->segments: their count. */
static size_t divide(struct condense *c, uint32_t arch)
{
	size_t n = 0;

	for (size_t i = 0; i < c->bounds_len; i++) {
		struct leaf l = run(c, arch, c->bounds[i]);

		if (n > 0 && c->segments[n - 1].leaf.argument == l.argument &&
		    c->segments[n - 1].leaf.to == l.to)
			continue;
		c->segments[n++] = (struct segment){ c->bounds[i], l };
	}
	return n;
}

/* --- the new program -----------------------------------------------------------------
 */

static void put(struct condense *c, struct sock_filter i)
{
	if (c->at == c->max)
		c->full = true;
	else
		c->code[c->at++] = i;
}

static void put_leaf(struct condense *c, struct leaf l)
{
	if (!l.argument) {
		put(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, l.to));
		return;
	}
	c->seen[l.to] = 1;
	if (!c->full)
		c->jumps[c->jumps_len++] = c->at;
	put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, l.to));
}

/* Instructions of a search in n ranges, but for long jumps. */
static size_t search_size(size_t n)
{
	return 2 * n - 1;
}

/* Depth: the logarithm of n. */
static void put_search(struct condense *c, const struct segment *s, size_t n)
{
	size_t half = n / 2, at;
	bool near;

	if (n == 1) {
		put_leaf(c, s->leaf);
		return;
	}
	/* Right of the middle: past the left part. */
	near = 2 * search_size(half) <= NEAR;
	put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, s[half].from, 0,
					    !near));
	at = c->at - 1;
	if (!near)
		put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	put_search(c, s, half);
	if (c->full)
		return;
	if (near)
		c->code[at].jt = (uint8_t)(c->at - at - 1);
	else
		c->code[at + 1].k = (uint32_t)(c->at - at - 2);
	put_search(c, s + half, n - half);
}

/* An architecture that no comparison names. */
static uint32_t other_arch(const struct condense *c)
{
	uint32_t other = 0;

	for (size_t i = 0; i < c->arches_len; i++) {
		if (c->arches[i] == other) {
			other++;
			i = (size_t)-1;
		}
	}
	return other;
}

static void put_arches(struct condense *c)
{
	size_t skip;

	put(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH));
	for (size_t i = 0; i < c->arches_len && !c->full; i++) {
		size_t n = divide(c, c->arches[i]);

		put(c, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						    c->arches[i], 1, 0));
		skip = c->at;
		put(c, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
		put(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR));
		put_search(c, c->segments, n);
		if (!c->full)
			c->code[skip].k = (uint32_t)(c->at - skip - 1);
	}
	put(c, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR));
	put_search(c, c->segments, divide(c, other_arch(c)));
}

/* What follows from instructions that are to be copied is copied too. */
static void follow(struct condense *c, size_t at)
{
	const struct sock_filter *i = &c->old[at];

	if (BPF_CLASS(i->code) == BPF_RET)
		return;
	if (i->code == (BPF_JMP | BPF_JA)) {
		c->seen[at + 1 + i->k] = 1;
		return;
	}
	c->seen[at + 1] |= BPF_CLASS(i->code) != BPF_JMP;
	if (BPF_CLASS(i->code) == BPF_JMP) {
		c->seen[at + 1 + i->jt] = 1;
		c->seen[at + 1 + i->jf] = 1;
	}
}

/* In the old order, so that no jump gets longer. */
static void put_old(struct condense *c)
{
	autofree size_t *moved = mem_array(c->len, sizeof(*moved));
	size_t begin = c->at;

	for (size_t i = 0; i < c->len; i++) {
		moved[i] = c->at;
		if (!c->seen[i])
			continue;
		follow(c, i);
		put(c, c->old[i]);
	}
	if (c->full)
		return;
	for (size_t i = 0; i < c->jumps_len; i++) {
		struct sock_filter *j = &c->code[c->jumps[i]];

		j->k = (uint32_t)(moved[j->k] - c->jumps[i] - 1);
	}
	for (size_t i = 0, at = begin; i < c->len; i++) {
		const struct sock_filter *o = &c->old[i];
		struct sock_filter *n = &c->code[at];

		if (!c->seen[i])
			continue;
		if (o->code == (BPF_JMP | BPF_JA)) {
			n->k = (uint32_t)(moved[i + 1 + o->k] - at - 1);
		} else if (BPF_CLASS(o->code) == BPF_JMP) {
			n->jt = (uint8_t)(moved[i + 1 + o->jt] - at - 1);
			n->jf = (uint8_t)(moved[i + 1 + o->jf] - at - 1);
		}
		at++;
	}
}

static void condense_done(struct condense *c)
{
	free(c->bounds);
	free(c->segments);
	free(c->seen);
	free(c->code);
	free(c->jumps);
}

void condense(struct sock_filter *code, size_t *len)
{
	autodone(condense_done) struct condense c = { .old = code,
						      .len = *len,
						      .max = *len };

	if (*len == 0)
		return;
	c.seen = mem_array(*len, sizeof(*c.seen));
	c.code = mem_array(*len, sizeof(*c.code));
	c.jumps = mem_array(*len, sizeof(*c.jumps));
	if (survey(&c) < 0)
		return;
	c.segments = mem_array(c.bounds_len, sizeof(*c.segments));
	memset(c.seen, 0, *len);
	put_arches(&c);
	put_old(&c);
	if (c.full || c.at >= *len)
		return;
	memcpy(code, c.code, c.at * sizeof(*code));
	*len = c.at;
}
