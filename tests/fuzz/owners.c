/* SPDX-License-Identifier: Apache-2.0 */
/* The list of lent owners: what is read prints as what reads the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/store/owners.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	autodone(owners_done) struct owners o = { 0 }, again = { 0 };
	autobuf text = { 0 };

	if (owners_parse((const char *)p, n, &o) < 0)
		return 0;
	owners_print(&o, &text);
	if (owners_parse(buf_str(&text), text.len, &again) < 0 || again.len != o.len)
		abort();
	for (size_t i = 0; i < o.len; i++)
		if (o.v[i].id != again.v[i].id || o.v[i].slot != again.v[i].slot ||
		    o.v[i].group != again.v[i].group)
			abort();
	return 0;
}
