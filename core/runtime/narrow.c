/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on arguments of which the kernel takes the low 32 bits only. */
#include "core/runtime/narrow.h"

#include <stdint.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define LOW_32 UINT32_MAX

/* Parameters declared int, unsigned int or narrower in the kernel's SYSCALL_DEFINE: bit n
 * for argument n. */
static const struct {
	const char *call;
	uint8_t args;
} narrow_calls[] = {
	{ "accept4", 1 << 0 | 1 << 3 },
	{ "bpf", 1 << 0 | 1 << 2 },
	{ "clock_adjtime", 1 << 0 },
	{ "clock_settime", 1 << 0 },
	{ "close_range", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "fanotify_init", 1 << 0 | 1 << 1 },
	{ "fcntl", 1 << 0 | 1 << 1 },
	{ "fcntl64", 1 << 0 | 1 << 1 },
	{ "futex", 1 << 1 | 1 << 2 },
	{ "getrandom", 1 << 2 },
	{ "getsockopt", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "ioctl", 1 << 0 | 1 << 1 },
	{ "io_uring_register", 1 << 0 | 1 << 1 | 1 << 3 },
	{ "io_uring_setup", 1 << 0 },
	{ "keyctl", 1 << 0 },
	{ "kill", 1 << 0 | 1 << 1 },
	{ "madvise", 1 << 2 },
	{ "memfd_create", 1 << 1 },
	{ "mknod", 1 << 2 },
	{ "mknodat", 1 << 0 | 1 << 3 },
	{ "msgctl", 1 << 0 | 1 << 1 },
	{ "open", 1 << 1 },
	{ "openat", 1 << 0 | 1 << 2 },
	{ "personality", 1 << 0 },
	{ "pipe2", 1 << 1 },
	{ "prctl", 1 << 0 },
	{ "prlimit64", 1 << 0 | 1 << 1 },
	{ "quotactl", 1 << 0 },
	{ "reboot", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "sched_setscheduler", 1 << 0 | 1 << 1 },
	{ "seccomp", 1 << 0 | 1 << 1 },
	{ "semctl", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "setns", 1 << 0 | 1 << 1 },
	{ "setpriority", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "setrlimit", 1 << 0 },
	{ "setsockopt", 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 },
	{ "shmctl", 1 << 0 | 1 << 1 },
	{ "socket", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "socketpair", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "syslog", 1 << 0 | 1 << 2 },
	{ "tgkill", 1 << 0 | 1 << 1 | 1 << 2 },
	{ "tkill", 1 << 0 | 1 << 1 },
	{ "umount2", 1 << 1 },
	{ "userfaultfd", 1 << 0 },
};

bool narrow_is(const char *call, unsigned int arg)
{
	for (size_t i = 0; i < ARRAY_LEN(narrow_calls); i++) {
		if (str_eq(narrow_calls[i].call, call))
			return arg < 8 && narrow_calls[i].args >> arg & 1;
	}
	return false;
}

struct blocks {
	struct scmp_arg_cmp *to;
	size_t len;
	unsigned int arg;
};

static void block_add(struct blocks *b, uint32_t mask, uint32_t value)
{
	b->to[b->len++] =
		(struct scmp_arg_cmp){ b->arg, SCMP_CMP_MASKED_EQ, mask, value & mask };
}

/* The aligned blocks of powers of two that make up from … to. At most 32, as every caller
 * gives ranges that begin at 0 or end at the top, or both sides of one value. */
static void range_add(struct blocks *b, uint64_t from, uint64_t to)
{
	while (from <= to) {
		uint64_t size = 1;

		while (from % (size * 2) == 0 && from + size * 2 - 1 <= to)
			size *= 2;
		block_add(b, LOW_32 & ~(uint32_t)(size - 1), (uint32_t)from);
		from += size;
	}
}

/* A negative int is written with its sign spread over 64 bits, or without. Another value
 * past 32 bits is above all that the argument can be. */
static uint64_t narrow_datum(uint64_t v)
{
	return v >= UINT64_MAX << 31 ? v & LOW_32 : v;
}

size_t narrow_split(const struct scmp_arg_cmp *c, struct scmp_arg_cmp ret[NARROW_MAX])
{
	struct blocks b = { .to = ret, .arg = c->arg };
	uint64_t v = narrow_datum(c->datum_a);
	uint64_t top = v < LOW_32 ? v : LOW_32;

	switch (c->op) {
	case SCMP_CMP_MASKED_EQ:
		block_add(&b, (uint32_t)c->datum_a, (uint32_t)c->datum_b);
		break;
	case SCMP_CMP_EQ:
		if (v <= LOW_32)
			block_add(&b, LOW_32, (uint32_t)v);
		break;
	case SCMP_CMP_NE:
		if (v > 0)
			range_add(&b, 0, v <= LOW_32 ? v - 1 : LOW_32);
		range_add(&b, v + 1, LOW_32);
		break;
	case SCMP_CMP_LT:
		if (v > 0)
			range_add(&b, 0, v <= LOW_32 ? v - 1 : LOW_32);
		break;
	case SCMP_CMP_LE:
		range_add(&b, 0, top);
		break;
	case SCMP_CMP_GT:
		range_add(&b, v + 1, LOW_32);
		break;
	case SCMP_CMP_GE:
		range_add(&b, v, LOW_32);
		break;
	default:
		break;
	}
	return b.len;
}
