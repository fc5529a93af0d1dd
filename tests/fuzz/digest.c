/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/digest.c: what is taken has one text. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	char again[DIGEST_TEXT_MAX];
	struct digest d;

	if (digest_parse(text, &d) == 0 && !str_eq(digest_text(again, &d), text))
		abort();
	return 0;
}
