/* SPDX-License-Identifier: Apache-2.0 */
/* Paths that a container must not read, or not write. Made in the realm's mount
 * namespace, so that the container's own copy of them is locked (mount_namespaces(7)). */
#ifndef RUNTIME_MASK_H
#define RUNTIME_MASK_H

#include "core/base/err.h"
#include "core/base/strv.h"

/* Folders are covered by one empty read-only tmpfs, files by /dev/null; what is missing
 * needs none. A component "*" stands for any name. */
int mask_hide(int root, const struct strv *paths, struct err *e);
int mask_readonly(int root, const struct strv *paths, struct err *e);

#endif
