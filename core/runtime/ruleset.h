/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed seccomp profile as a BPF program, by libseccomp. Not part of the inner
 * executable. */
#ifndef RUNTIME_RULESET_H
#define RUNTIME_RULESET_H

#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/oci/seccompprofile.h"

/* Appends an array of struct sock_filter to ret; *ret_flags is what seccomp(2) is to be
 * given with it: SECCOMP_FILTER_FLAG_LOG, _SPEC_ALLOW. The build's own architecture is
 * always covered, calls of architectures that the profile does not list end the process.
 * Names that libseccomp does not know are left out. Beyond the profile's words: see
 * prologue.c and narrow.h. -EOPNOTSUPP for what cannot be kept, -EINVAL
 * for what makes no sense, -E2BIG. */
int ruleset_compile(const struct seccompprofile *p, struct buf *ret, uint32_t *ret_flags,
		    struct err *e);

#endif
