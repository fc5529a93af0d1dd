/* SPDX-License-Identifier: Apache-2.0 */
/* One layer's way: compressed bytes → tar bytes, counted and hashed → entries → disk. In
 * two steps, because what it needs is made before the worker gives up its rights. */
#ifndef IMAGE_LAYERSTREAM_H
#define IMAGE_LAYERSTREAM_H

#include "core/image/unpack.h"

struct layerstream;
struct layerstream *layerstream_new(const struct unpack_stream *s);
/* Once. Errors as unpack_finish has them. */
int layerstream_run(struct layerstream *l, struct unpack_result *ret, struct err *e);
void layerstream_free(struct layerstream *l);

#endif
