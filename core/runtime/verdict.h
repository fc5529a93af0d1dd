/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp rule answers: the specs' names as libseccomp's numbers. */
#ifndef RUNTIME_VERDICT_H
#define RUNTIME_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

/* "SCMP_ACT_ERRNO" and an errno (-1: absent, then EPERM) → SCMP_ACT_ERRNO(1). -EINVAL for
 * an unknown name, an errno out of range, an errno with an action that has none. */
int verdict_parse(const char *action, int64_t errno_ret, uint32_t *ret, struct err *e);
/* Is the call made (SCMP_ACT_ALLOW, SCMP_ACT_LOG)? */
bool verdict_permits(uint32_t verdict);

#endif
