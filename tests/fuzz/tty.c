/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/cli/tty.c: the first line is a --detach-keys, the rest is typed.
 * Nothing typed is lost or made up before the keys are complete; and foreign text is
 * printed without a control character. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/tty.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void escape(const char *text)
{
	autobuf out = { 0 };

	str_escape(&out, text);
	for (size_t i = 0; i < out.len; i++) {
		unsigned char c = (unsigned char)buf_str(&out)[i];

		if ((c < 32 && c != '\t' && c != '\n') || c == 127)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *stop = size ? memchr(data, '\n', size) : NULL;
	size_t n = stop ? (size_t)(stop - data) : size;
	autofree char *text = str_ndup((const char *)data, n);
	autobuf out = { 0 };
	struct tty_keys k = { 0 };
	struct err e = { 0 };

	escape(text);
	if (tty_keys_parse(&k, text, &e) < 0 || !stop)
		return 0;
	if (k.len > sizeof(k.seq))
		abort();
	size -= n + 1;
	if (tty_keys_feed(&k, stop + 1, size, &out) ? out.len > size
						    : out.len + k.matched != size)
		abort();
	return 0;
}
