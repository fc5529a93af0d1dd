/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of unpack_read_answer in core/image/unpack.c: what an unpack worker, which
 * foreign bytes may have taken over, says. The first byte: is it a good answer, and the
 * rest what follows it? */
#include "core/image/unpack.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unpack_answer a = { .result = { .implicit = (char *)8 } };
	struct unpack_result r = { 0 };
	struct err e = { 0 };
	autobuf said = { 0 };

	if (size > 0 && data[0] & 1) {
		a.result.implicit_size = (uint32_t)size - 1;
		buf_add(&said, &a, sizeof(a));
	}
	if (size > 0)
		buf_add(&said, data + 1, size - 1);
	autoclose int fd = fuzz_memory(buf_str(&said), said.len, NULL);
	if (unpack_read_answer(fd, &r, &e) < 0) {
		must(e.text[0] && !r.implicit);
		return 0;
	}
	must(!r.implicit == !r.implicit_size);
	must(!r.implicit || !r.implicit[r.implicit_size - 1]);
	free(r.implicit);
	return 0;
}
