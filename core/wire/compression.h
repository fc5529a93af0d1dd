/* SPDX-License-Identifier: Apache-2.0 */
/* Layer compression: gzip (RFC 1952, several members) and zstd (RFC 8878), both ways,
 * streaming. This header has the whole of it: the kinds, struct decoder, struct encoder.
 */
#ifndef WIRE_COMPRESSION_H
#define WIRE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

/* By magic bytes of the first n bytes (4 tell all there is to tell). */
enum compression compression_detect(const uint8_t *p, size_t n);

#include "core/wire/decoder.h"
#include "core/wire/encoder.h"

#endif
