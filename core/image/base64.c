/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, both ways. */
#include "core/image/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(const void *p, size_t n, size_t line, struct buf *out)
{
	const uint8_t *b = p;
	size_t col = 0;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16;
		v |= i + 1 < n ? (uint32_t)b[i + 1] << 8 : 0;
		v |= i + 2 < n ? b[i + 2] : 0;
		char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
				 i + 1 < n ? digits[v >> 6 & 63] : '=',
				 i + 2 < n ? digits[v & 63] : '=' };
		if (buf_add(out, four, 4) < 0)
			return -E2BIG;
		col += 4;
		if (line && col >= line && buf_addc(out, '\n') < 0)
			return -E2BIG;
		if (line && col >= line)
			col = 0;
	}
	return line && col ? buf_addc(out, '\n') : 0;
}

int base64_decode(const char *text, size_t n, struct buf *out)
{
	uint32_t v = 0;
	unsigned bits = 0;

	for (size_t pad = 0; n > 0 && text[n - 1] == '=' && pad < 2; pad++)
		n--;
	for (size_t i = 0; i < n; i++) {
		const char *d = text[i] ? strchr(digits, text[i]) : NULL;
		if (!d)
			return -EINVAL;
		v = v << 6 | (uint32_t)(d - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (buf_addc(out, (char)(v >> bits)) < 0)
			return -E2BIG;
		v &= (1u << bits) - 1;
	}
	return bits == 6 || v ? -EINVAL : 0;
}
