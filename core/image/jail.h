/* SPDX-License-Identifier: Apache-2.0 */
/* What the unpack worker gives up before it reads a byte of a layer. */
#ifndef IMAGE_JAIL_H
#define IMAGE_JAIL_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

/* How many IDs the user namespace of a process (0: our own) has. */
void jail_ids(pid_t pid, uint32_t *ret_uids, uint32_t *ret_gids);
/* From here on: files below dirfd only, no network, no exec, the capabilities to own
 * files and no others, memory bounded. Where the kernel has no Landlock, seccomp and the
 * rest hold alone. */
int jail_enter(int dirfd, struct err *e);

#endif
