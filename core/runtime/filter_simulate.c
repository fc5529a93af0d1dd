/* SPDX-License-Identifier: Apache-2.0 */
/* Classic BPF as seccomp allows it, interpreted: the instructions that the kernel's
 * seccomp_check_filter lets pass. Jumps only go forward, so every program ends. */
#include "core/runtime/filter.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

struct machine {
	struct seccomp_data data;
	uint32_t a, x;
	uint32_t mem[BPF_MEMWORDS];
	size_t jump; /* instructions to skip after the present one */
	bool fault;
};

static uint32_t load_word(struct machine *m, uint32_t at)
{
	uint32_t word = 0;

	if (at % sizeof(word) || at > sizeof(m->data) - sizeof(word))
		m->fault = true;
	else
		memcpy(&word, (const char *)&m->data + at, sizeof(word));
	return word;
}

static uint32_t *cell(struct machine *m, uint32_t k)
{
	if (k >= BPF_MEMWORDS) {
		m->fault = true;
		k = 0;
	}
	return &m->mem[k];
}

static void load(struct machine *m, const struct sock_filter *i)
{
	uint32_t *to = BPF_CLASS(i->code) == BPF_LD ? &m->a : &m->x;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		*to = load_word(m, i->k);
		break;
	case BPF_IMM:
		*to = i->k;
		break;
	case BPF_LEN:
		*to = sizeof(m->data);
		break;
	case BPF_MEM:
		*to = *cell(m, i->k);
		break;
	default:
		m->fault = true;
	}
}

static void alu(struct machine *m, const struct sock_filter *i)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool odd = false; /* what the machine's own operator cannot do */

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		m->a += by;
		break;
	case BPF_SUB:
		m->a -= by;
		break;
	case BPF_MUL:
		m->a *= by;
		break;
	case BPF_DIV:
		odd = by == 0;
		m->a = odd ? 0 : m->a / by;
		break;
	case BPF_AND:
		m->a &= by;
		break;
	case BPF_OR:
		m->a |= by;
		break;
	case BPF_XOR:
		m->a ^= by;
		break;
	case BPF_LSH:
		odd = by > 31;
		m->a = odd ? 0 : m->a << by;
		break;
	case BPF_RSH:
		odd = by > 31;
		m->a = odd ? 0 : m->a >> by;
		break;
	case BPF_NEG:
		m->a = -m->a;
		break;
	default:
		odd = true;
	}
	m->fault |= odd;
}

static void jump(struct machine *m, const struct sock_filter *i)
{
	uint32_t with = BPF_SRC(i->code) == BPF_X ? m->x : i->k;
	bool yes = false;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		m->jump = i->k;
		return;
	case BPF_JEQ:
		yes = m->a == with;
		break;
	case BPF_JGE:
		yes = m->a >= with;
		break;
	case BPF_JGT:
		yes = m->a > with;
		break;
	case BPF_JSET:
		yes = m->a & with;
		break;
	default:
		m->fault = true;
	}
	m->jump = yes ? i->jt : i->jf;
}

static void step(struct machine *m, const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		load(m, i);
		break;
	case BPF_ST:
		*cell(m, i->k) = m->a;
		break;
	case BPF_STX:
		*cell(m, i->k) = m->x;
		break;
	case BPF_ALU:
		alu(m, i);
		break;
	case BPF_JMP:
		jump(m, i);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		break;
	default:
		m->fault = true;
	}
}

uint32_t filter_simulate(const void *bpf, size_t n, uint32_t arch, uint32_t nr,
			 const uint64_t args[6])
{
	struct machine m = { .data = { .nr = (int)nr, .arch = arch } };
	size_t len = n / sizeof(struct sock_filter);

	for (size_t i = 0; i < 6; i++)
		m.data.args[i] = args[i];
	for (size_t at = 0; at < len; at += 1 + m.jump) {
		struct sock_filter insn;

		memcpy(&insn, (const char *)bpf + at * sizeof(insn), sizeof(insn));
		if (BPF_CLASS(insn.code) == BPF_RET)
			return BPF_RVAL(insn.code) == BPF_A ? m.a : insn.k;
		m.jump = 0;
		step(&m, &insn);
		if (m.fault)
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}
