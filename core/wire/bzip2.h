/* SPDX-License-Identifier: Apache-2.0 */
/* bzip2 files, one after another. Unpacking only. */
#ifndef WIRE_BZIP2_H
#define WIRE_BZIP2_H

#include "core/base/err.h"
#include "core/wire/feed.h"

struct bzip2;
/* f stands at the start of the file; not owned. */
struct bzip2 *bzip2_new(struct feed *f);
/* Bytes, 0 at a proper end, -EINVAL corrupt, -ENODATA cut short. Not to be called again
 * after an error. */
ssize_t bzip2_read(struct bzip2 *z, void *p, size_t n, struct err *e);
void bzip2_free(struct bzip2 *z);

#endif
