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

/* profile_json NULL: the built-in default. caps: the container's bounding set (conditions
 * of the profile). Compiles unless cache_dirfd already has it, undamaged; *ret_name
 * (malloc'd) is the file's name inside cache_dirfd. */
int filter_ensure(int cache_dirfd, const char *profile_json, uint64_t caps,
		  char **ret_name, struct err *e);
/* For tests: what the compiled filter answers (SECCOMP_RET_*) for one call of one
 * architecture (AUDIT_ARCH_*). SECCOMP_RET_KILL_PROCESS for a program that the kernel
 * would refuse, as far as the call meets its faults. */
uint32_t filter_simulate(const void *bpf, size_t n, uint32_t arch, uint32_t nr,
			 const uint64_t args[6]);

#endif
