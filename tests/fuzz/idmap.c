/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ID files and map files: no crash, and maps that hold their promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/ns/idmap.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	autofree struct idmap_range *v = NULL;
	autodone(idmap_done) struct idmap m = { 0 }, parsed = { 0 };
	autobuf text = { 0 };
	size_t len = 0;

	idmap_parse_subid((const char *)p, n, "user", 1000, &v, &len);
	for (size_t i = 0; i < len; i++) {
		if (v[i].count == 0 || (uint64_t)v[i].start + v[i].count > UINT32_MAX)
			abort();
		if (i > 0 && v[i].start <= v[i - 1].start + v[i - 1].count - 1)
			abort();
	}
	idmap_make(1000, v, len, &m);
	if (m.len == 0 || m.len > IDMAP_EXTENTS_MAX || idmap_out(&m, 0) != 1000)
		abort();
	idmap_text(&m, &text);
	if (idmap_parse(buf_str(&text), text.len, &parsed) != 0 || parsed.len != m.len)
		abort();
	idmap_done(&parsed);
	idmap_parse((const char *)p, n, &parsed);
	return 0;
}
