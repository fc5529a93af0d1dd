/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression, pulling. */
#ifndef WIRE_DECODER_H
#define WIRE_DECODER_H

#include "core/base/err.h"
#include "core/wire/compression.h"

/* Where compressed bytes come from: bytes read, 0 at the end, -errno. */
typedef ssize_t compression_read_fn(void *arg, void *p, size_t n);

/* Detects (by reading at once) and decodes. max_out: -EFBIG when more comes out (0: no
 * limit). Windows of zstd and xz above 2^27 are refused; trailing garbage is an error,
 * zero padding of gzip is not. An error comes again with each further call. */
struct decoder;
struct decoder *decoder_new(compression_read_fn *read, void *arg, uint64_t max_out);
/* Bytes (>0), 0 at a proper end, -errno: -EINVAL corrupt, -ENODATA cut short. */
ssize_t decoder_read(struct decoder *d, void *p, size_t n, struct err *e);
void decoder_free(struct decoder *d);

#endif
