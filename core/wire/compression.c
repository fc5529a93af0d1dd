/* SPDX-License-Identifier: Apache-2.0 */
/* Layer compression: which kind it is. decoder.c and encoder.c do the work. */
#include "core/wire/compression.h"

enum compression compression_detect(const uint8_t *p, size_t n)
{
	if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return COMPRESSION_GZIP;
	if (n >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd)
		return COMPRESSION_ZSTD;
	/* A skippable frame (RFC 8878, 3.1.2) may come first. */
	if (n >= 4 && p[0] >> 4 == 5 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}
