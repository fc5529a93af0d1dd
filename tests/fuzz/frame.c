/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/frame.c: frames lie inside the bytes, and are written back as
 * they were. */
#include <stdint.h>
#include <stdlib.h>

#include "core/wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f;
	size_t used;
	int r;

	while ((r = frame_parse(data, size, &f, &used)) > 0) {
		autobuf b = { 0 };

		if (used > size || f.payload + f.size != data + used)
			abort();
		if (frame_add(&b, (enum frame_stream)f.stream, f.payload, f.size) < 0 ||
		    b.len != used || memcmp(b.data, data, used) != 0)
			abort();
		data += used;
		size -= used;
	}
	return 0;
}
