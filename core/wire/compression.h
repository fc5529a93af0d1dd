/* SPDX-License-Identifier: Apache-2.0 */
/* Compression: gzip (RFC 1952, several members) and zstd (RFC 8878), both ways, xz and
 * bzip2 to be unpacked; streaming. This header has the whole of it: the kinds, struct
 * decoder, struct encoder. */
#ifndef WIRE_COMPRESSION_H
#define WIRE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	/* not for layers: no image-spec knows them */
	COMPRESSION_XZ,
	COMPRESSION_BZIP2,
};

/* By the first n bytes; so many tell all there is to tell. */
#define COMPRESSION_MAGIC 10
enum compression compression_detect(const uint8_t *p, size_t n);

#include "core/wire/decoder.h"
#include "core/wire/encoder.h"

#endif
