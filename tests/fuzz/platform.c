/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/platform.c: what parses prints as something that parses to the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	struct platform p = { 0 }, again = { 0 };
	struct err e = { 0 };
	char out[96];

	if (platform_parse(text, &p, &e) < 0) {
		if (!e.text[0])
			abort();
		return 0;
	}
	platform_text(out, &p);
	if (platform_parse(out, &again, &e) < 0 || strcmp(p.os, again.os) != 0 ||
	    strcmp(p.architecture, again.architecture) != 0 ||
	    strcmp(p.variant, again.variant) != 0)
		abort();
	if (platform_match(&p, &again) <= 0)
		abort();
	return 0;
}
