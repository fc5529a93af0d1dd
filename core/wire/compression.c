/* SPDX-License-Identifier: Apache-2.0 */
/* Layer compression: which kind it is. decoder.c and encoder.c do the work. */
#include "core/wire/compression.h"

#include <string.h>

enum compression compression_detect(const uint8_t *p, size_t n)
{
	if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return COMPRESSION_GZIP;
	if (n >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd)
		return COMPRESSION_ZSTD;
	/* A skippable frame (RFC 8878, 3.1.2) may come first. */
	if (n >= 4 && p[0] >> 4 == 5 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return COMPRESSION_ZSTD;
	if (n >= 6 && !memcmp(p, "\xfd\x37zXZ\0", 6))
		return COMPRESSION_XZ;
	/* "BZh", the level, and what begins a block or ends a file without any. */
	if (n >= 10 && !memcmp(p, "BZh", 3) && p[3] >= '1' && p[3] <= '9' &&
	    (!memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) ||
	     !memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6)))
		return COMPRESSION_BZIP2;
	return COMPRESSION_NONE;
}
