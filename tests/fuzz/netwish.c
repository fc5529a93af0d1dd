/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/netwish.c. */
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/netwish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(netwish_done) struct netwish w = { 0 };
	autofree char *text = str_ndup((const char *)data, size);
	struct err e = { 0 };
	int r = netwish_parse(text, &w, &e);

	if (r < 0 ? !e.text[0] : str_empty(w.name))
		abort();
	if (r == 0 && w.ifname && strlen(w.ifname) > 15)
		abort();
	return 0;
}
