/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/catalog.c: the answer of a registry's search. */
#include "core/image/catalog.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalog c = { 0 };
	struct err e = { 0 };
	int r = catalog_parse((const char *)data, size, &c, &e);

	must(!(r < 0 && (!e.text[0] || c.v || c.len)));
	for (size_t i = 0; i < c.len; i++)
		must(c.v[i].name && c.v[i].name[0]);
	catalog_done(&c);
	return 0;
}
