/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/base64.c: what decodes is the encoding of its bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/image/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf bytes = { 0 }, text = { 0 }, lines = { 0 };

	if (base64_decode((const char *)data, size, &bytes) == 0) {
		if (base64_encode(buf_str(&bytes), bytes.len, 0, &text) < 0)
			abort();
		/* padding apart, which may be missing or more than needed */
		while (size > 0 && data[size - 1] == '=')
			size--;
		if (text.len < size || memcmp(buf_str(&text), data, size) != 0)
			abort();
	}
	buf_done(&bytes);
	if (base64_encode(data, size, 0, &lines) < 0 ||
	    base64_decode(buf_str(&lines), lines.len, &bytes) < 0 || bytes.len != size ||
	    (size && memcmp(buf_str(&bytes), data, size) != 0))
		abort();
	return 0;
}
