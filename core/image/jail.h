/* SPDX-License-Identifier: Apache-2.0 */
/* What the unpack worker gives up before it reads a byte of a layer. */
#ifndef IMAGE_JAIL_H
#define IMAGE_JAIL_H

#include <stdint.h>

#include "core/base/err.h"

/* How many IDs this user namespace has, by /proc/self/uid_map and gid_map (the fewer). */
uint32_t jail_ids(void);
/* From here on: files below dirfd only, no network, no exec, the capabilities to own
 * files and no others, memory bounded. Where the kernel has no Landlock, seccomp and the
 * rest hold alone. */
int jail_enter(int dirfd, struct err *e);

#endif
