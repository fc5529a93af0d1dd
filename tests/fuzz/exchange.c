/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of exchange_words in core/image/exchange.c: what a registry says when it
 * refuses. One line comes of it, whatever its size. */
#include "core/image/exchange.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exchange x = { 0 };
	char code[64], message[256], few[3];

	buf_add(&x.refusal, data, size);
	exchange_words(&x, code, sizeof(code), message, sizeof(message));
	must(strlen(message) < sizeof(message) && !strpbrk(message, "\r\n"));
	must(strlen(code) < sizeof(code) && !strpbrk(code, "\r\n_"));
	exchange_words(&x, NULL, 0, few, sizeof(few));
	must(!strncmp(few, message, strlen(few)));
	buf_done(&x.refusal);
	return 0;
}
