/* SPDX-License-Identifier: Apache-2.0 */
/* The .xz file format (The .xz File Format, 1.1.0): streams one after another, blocks of
 * LZMA2. Checks of type CRC32, CRC64 and SHA-256 are verified. Unpacking only. */
#ifndef WIRE_XZ_H
#define WIRE_XZ_H

#include "core/base/err.h"
#include "core/wire/feed.h"

struct xz;
/* f stands at the start of the file; not owned. */
struct xz *xz_new(struct feed *f);
/* Bytes, 0 at a proper end, -EINVAL corrupt, -ENODATA cut short, -EOPNOTSUPP for filters
 * other than LZMA2. Not to be called again after an error. */
ssize_t xz_read(struct xz *x, void *p, size_t n, struct err *e);
void xz_free(struct xz *x);

#endif
