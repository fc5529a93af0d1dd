/* SPDX-License-Identifier: Apache-2.0 */
/* A part of the cgroup tree that was given to the user without systemd: folders that
 * someone with root has chowned (Documentation/admin-guide/cgroup-v2.rst, Delegation). */
#ifndef RUNTIME_SUBTREE_H
#define RUNTIME_SUBTREE_H

#include <stddef.h>

#include "core/base/err.h"

/* Where groups of the user's can be made: the group above the caller's own when that is
 * the user's and has no process, else the caller's own. An O_PATH descriptor; -EACCES
 * when neither is the user's. Changes nothing. */
int subtree_open(void);
/* Gives the groups below base a controller. When base has processes (they are the user's
 * own) they are moved to a group of their own first, as the kernel wants. 0 or -errno, as
 * cgroup_enable. */
int subtree_enable(int base, const char *controller);

#endif
