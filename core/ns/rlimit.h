/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits by their names (getrlimit(2)). */
#ifndef NS_RLIMIT_H
#define NS_RLIMIT_H

#include <stdint.h>

#include "core/base/err.h"

/* "RLIMIT_NOFILE", "nofile", "NOFILE" → number; -EINVAL else. */
int rlimit_number(const char *name);
/* "nofile"; NULL past the last. */
const char *rlimit_name(int number);
/* Sets it for the calling process; UINT64_MAX: unlimited. A hard limit above the
 * process's own -EPERM, with both in the sentence. */
int rlimit_set(int number, uint64_t soft, uint64_t hard, struct err *e);
/* Lowers soft and hard to at most max. 0 or -errno. */
int rlimit_cap(int number, uint64_t max);

#endif
