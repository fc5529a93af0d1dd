/* SPDX-License-Identifier: Apache-2.0 */
/* Compression, pushing. */
#ifndef WIRE_ENCODER_H
#define WIRE_ENCODER_H

#include "core/base/err.h"
#include "core/wire/compression.h"

typedef int compression_write_fn(void *arg, const void *p, size_t n);
struct encoder;
/* The write function returns 0 or -errno. level 0: the default for the kind; gzip has 1
 * to 3 (more counts as 3), zstd 1 to 19. COMPRESSION_NONE passes through. */
struct encoder *encoder_new(enum compression kind, int level, compression_write_fn *write,
			    void *arg);
int encoder_write(struct encoder *c, const void *p, size_t n, struct err *e);
int encoder_finish(struct encoder *c, struct err *e);
void encoder_free(struct encoder *c);

#endif
