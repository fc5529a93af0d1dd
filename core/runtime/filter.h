/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profile → BPF, by libseccomp, cached on disk by hash: compiling costs more than
 * a start. Not part of the inner executable, which loads the file's bytes with
 * syscallfilter_load (core/ns). */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/* The file is a program as seccomp(2) takes it. Its last instructions are never reached:
 * they carry a checksum, and the very last one the flags (core/ns/syscallfilter.h). */

#define FILTER_SUFFIX ".bpf"
/* So many files stay in a cache. */
#define FILTER_CACHE_MAX 64

/* profile_json NULL: the built-in default. caps: the container's bounding set (conditions
 * of the profile). Compiles unless cache_dirfd already has it, undamaged; *ret_name
 * (malloc'd) is the file's name inside cache_dirfd. Whoever needs it for longer makes a
 * link of it: past FILTER_CACHE_MAX, those unused the longest are removed. */
int filter_ensure(int cache_dirfd, const char *profile_json, uint64_t caps,
		  char **ret_name, struct err *e);
/* Holds a cache to FILTER_CACHE_MAX files, whenever filter_ensure has added one. What
 * cannot be removed is left for the next time. */
void filter_prune(int cache_dirfd);
/* For tests: what the compiled filter answers (SECCOMP_RET_*) for one call of one
 * architecture (AUDIT_ARCH_*). SECCOMP_RET_KILL_PROCESS for a program that the kernel
 * would refuse, as far as the call meets its faults. */
uint32_t filter_simulate(const void *bpf, size_t n, uint32_t arch, uint32_t nr,
			 const uint64_t args[6]);

#endif
