/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/reference.c: each spelling we print means the same again. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const char *text, const char *full)
{
	struct reference r = { 0 };
	autofree char *is = NULL;

	if (reference_parse(text, &r, NULL) < 0)
		abort();
	is = reference_full(&r);
	if (!str_eq(is, full))
		abort();
	reference_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size), *full = NULL,
		      *familiar = NULL;
	struct reference r = { 0 };
	struct err e = { 0 };

	if (reference_parse(text, &r, &e) < 0)
		return 0;
	full = reference_full(&r);
	familiar = reference_familiar(&r);
	same(full, full);
	same(familiar, full);
	reference_done(&r);
	return 0;
}
