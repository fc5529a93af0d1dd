/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a new volume with what the image has at its place, as docker does. */
#ifndef ENGINE_COPYUP_H
#define ENGINE_COPYUP_H

#include "core/base/err.h"
#include "core/base/strv.h"

/* Copies the folder at path of the merged layers (top first) into the empty folder dirfd:
 * owners, modes, times, links and xattrs kept; device nodes are left out (nobody may make
 * them). The caller is root of the realm. */
int copyup_fill(const struct strv *layers, const char *path, int dirfd, struct err *e);

#endif
