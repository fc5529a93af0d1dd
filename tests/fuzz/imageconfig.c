/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/imageconfig.c: printed and read again it prints the same. */
#include <stdint.h>
#include <stdlib.h>

#include "core/oci/imageconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imageconfig c = { 0 }, again = { 0 };
	autobuf first = { 0 }, second = { 0 };
	struct err e = { 0 };

	if (imageconfig_parse(data, size, &c, &e) < 0)
		return 0;
	if (imageconfig_print(&c, &first) < 0)
		abort();
	/* Labels "a=":"" and "a":"=" become one key; such a document is refused. */
	if (imageconfig_parse(first.data, first.len, &again, &e) == 0 &&
	    (imageconfig_print(&again, &second) < 0 || first.len != second.len ||
	     memcmp(first.data, second.data, first.len) != 0))
		abort();
	imageconfig_done(&c);
	imageconfig_done(&again);
	return 0;
}
