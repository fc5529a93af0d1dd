/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profile → BPF, by libseccomp, cached on disk by hash: compiling costs more than
 * a start. Not part of the inner executable. */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/* profile_json NULL: the built-in default. caps: the container's bounding set (conditions
 * of the profile). Compiles unless cache_dirfd already has it; *ret_name (malloc'd) is
 * the file's name inside cache_dirfd. */
int filter_ensure(int cache_dirfd, const char *profile_json, uint64_t caps,
		  char **ret_name, struct err *e);
/* Loads compiled bytes into the calling thread (no_new_privs or CAP_SYS_ADMIN needed). */
int filter_load(const void *bpf, size_t n, struct err *e);
/* For tests: what the compiled filter answers (SECCOMP_RET_*) for one call of one
 * architecture. */
uint32_t filter_simulate(const void *bpf, size_t n, uint32_t arch, uint32_t nr,
			 const uint64_t args[6]);

#endif
