/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/autoport.c: any text of a table. */
#include "core/engine/autoport.h"

#include "core/base/mem.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree struct autoport_set *s = mem_new(struct autoport_set);

	autoport_parse((const char *)data, size, size & 1, s);
	must(!autoport_has(s, 0));
	return 0;
}
