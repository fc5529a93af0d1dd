/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/runtime/filter.c (and ruleset.c, narrow.c, verdict.c): a seccomp
 * profile that compiles is a program that the kernel takes, and one that ends no process
 * unless the profile says so. The first byte gives capabilities. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "core/base/file.h"
#include "core/runtime/filter.h"
#include "tests/fuzz/fuzz.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

static const int calls[] = { __NR_read, __NR_clone, __NR_personality, __NR_ptrace,
			     __NR_socket };

static void ask(const struct buf *bpf, bool may_kill)
{
	static const uint64_t values[] = { 0, 1, 40, UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; ARCH && i < ARRAY_LEN(calls); i++)
		for (size_t k = 0; k < ARRAY_LEN(values); k++) {
			const uint64_t v = values[k], args[6] = { v, v, v, v, v, v };
			uint32_t r = filter_simulate(bpf->data, bpf->len, ARCH,
						     (uint32_t)calls[i], args) &
				     SECCOMP_RET_ACTION_FULL;
			must(may_kill || (r != SECCOMP_RET_KILL_PROCESS &&
					  r != SECCOMP_RET_KILL_THREAD));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data + !!size, size - !!size);
	autofree char *name = NULL;
	autobuf bpf = { 0 };
	struct err e = { 0 };

	if (filter_ensure(fuzz_dirfd(), text, size ? data[0] * 0x01010101ull : 0, &name,
			  &e) < 0) {
		must(e.text[0] && !name);
		return 0;
	}
	must(file_read(fuzz_dirfd(), name, 1 << 20, &bpf) == 0 && bpf.len % 8 == 0);
	/* "KILL" may be spelled with escapes. */
	ask(&bpf, strstr(text, "KILL") || strchr(text, '\\'));
	return 0;
}
