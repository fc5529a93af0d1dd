/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of token_parse in core/image/token.c: a token server's answer. What it
 * gives is one header field's value. */
#include "core/image/token.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *value = NULL;
	struct err e = { 0 };

	if (token_parse((const char *)data, size, &value, &e) < 0) {
		must(e.text[0] && !value);
		return 0;
	}
	must(str_starts(value, "Bearer ") && value[7] && !strpbrk(value, "\r\n") &&
	     strlen(value) <= size + 7);
	return 0;
}
