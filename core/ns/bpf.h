/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp allow-lists assembled by hand: for our own processes, whose calls are known, so
 * that the inner executable needs no libseccomp. */
#ifndef NS_BPF_H
#define NS_BPF_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "core/base/err.h"

#define BPF_CODE_MAX 512

struct bpf {
	struct sock_filter code[BPF_CODE_MAX];
	uint16_t len;
};

/* One allowed call. arg < 0: whatever its arguments; else the call is allowed when the
 * low 32 bits of argument arg, masked, equal value (several rules for one call: any of
 * them). */
struct bpf_rule {
	int nr;
	int arg;
	uint32_t mask;
	uint32_t value;
};

#define BPF_CALL(name) \
	{ \
		__NR_##name, -1, 0, 0 \
	}
#define BPF_CALL_ARG(name, a, v) \
	{ \
		__NR_##name, (a), ~0u, (uint32_t)(v) \
	}
#define BPF_CALL_MASK(name, a, m, v) \
	{ \
		__NR_##name, (a), (m), (uint32_t)(v) \
	}

/* Memory mapped, but none that could be run (<sys/mman.h>): rules with arguments, which
 * belong to the front of a list, since the kernel caches only calls that need none looked
 * at. mmap is the older architectures' own, mmap2 that of 32-bit. */
#if defined(__s390x__)
#define BPF_MMAP_ BPF_CALL(mmap), /* its arguments lie in memory there */
#elif defined(__NR_mmap)
#define BPF_MMAP_ BPF_CALL_MASK(mmap, 2, PROT_EXEC, 0),
#else
#define BPF_MMAP_
#endif
#ifdef __NR_mmap2
#define BPF_MMAP2_ BPF_CALL_MASK(mmap2, 2, PROT_EXEC, 0),
#else
#define BPF_MMAP2_
#endif
#define BPF_MAPPINGS BPF_MMAP_ BPF_MMAP2_ BPF_CALL_MASK(mprotect, 2, PROT_EXEC, 0)

/* The time of day; on 32-bit by two calls, of which the old one has musl's name. */
#ifdef __NR_clock_gettime32
#define BPF_CLOCKS BPF_CALL(clock_gettime32), BPF_CALL(clock_gettime64)
#else
#define BPF_CLOCKS BPF_CALL(clock_gettime)
#endif

/* The program that allows the calls of nrs on this build's own architecture and answers
 * deny (a SECCOMP_RET_ value) to everything else; another architecture's calls end the
 * process. -E2BIG when it does not fit. */
int bpf_allow_list(const int *nrs, size_t n, uint32_t deny, struct bpf *ret);
int bpf_allow_rules(const struct bpf_rule *rules, size_t n, uint32_t deny,
		    struct bpf *ret);
/* Sets no_new_privs and installs the program for the calling process. */
int bpf_install(const struct bpf *b, struct err *e);

#endif
