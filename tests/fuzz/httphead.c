/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/httphead.c: the head of an answer, line by line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/image/httphead.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct httphead h = { 0 };

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = stop ? (size_t)(stop + 1 - p) : (size_t)(end - p);

		if (httphead_line(&h, p, n) < 0)
			break;
		if (h.retry_after > HTTPHEAD_WAIT_MAX || h.retry_after < -1 ||
		    h.bytes > HTTPHEAD_BYTES_MAX || h.lines > HTTPHEAD_LINES_MAX)
			abort();
		if (strnlen(h.media_type, sizeof(h.media_type)) == sizeof(h.media_type) ||
		    strnlen(h.digest, sizeof(h.digest)) == sizeof(h.digest) ||
		    strnlen(h.location, sizeof(h.location)) == sizeof(h.location))
			abort();
		p += n;
	}
	return 0;
}
