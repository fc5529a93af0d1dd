/* SPDX-License-Identifier: Apache-2.0 */
/* Layer compression: gzip (RFC 1952, several members) and zstd (RFC 8878), both ways,
 * streaming. */
#ifndef WIRE_COMPRESSION_H
#define WIRE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

/* By magic bytes of the first n >= 4 bytes. */
enum compression compression_detect(const uint8_t *p, size_t n);

/* Where compressed bytes come from: bytes read, 0 at the end, -errno. */
typedef ssize_t compression_read_fn(void *arg, void *p, size_t n);

/* Detects and decodes. max_out: -EFBIG when more comes out (0: no limit). zstd windows
 * above 2^27 are refused; trailing garbage after a gzip member is an error, zero padding
 * is not. */
struct decoder;
struct decoder *decoder_new(compression_read_fn *read, void *arg, uint64_t max_out);
/* Bytes (>0), 0 at a proper end, -errno: -EINVAL corrupt, -ENODATA cut short. */
ssize_t decoder_read(struct decoder *d, void *p, size_t n, struct err *e);
enum compression decoder_kind(const struct decoder *d);
void decoder_free(struct decoder *d);

typedef int compression_write_fn(void *arg, const void *p, size_t n);
struct encoder;
/* level 0: the default for the kind. COMPRESSION_NONE passes through. */
struct encoder *encoder_new(enum compression kind, int level, compression_write_fn *write,
			    void *arg);
int encoder_write(struct encoder *c, const void *p, size_t n, struct err *e);
int encoder_finish(struct encoder *c, struct err *e);
void encoder_free(struct encoder *c);

#endif
