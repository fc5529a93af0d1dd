/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/image/challenge.c: the fields of WWW-Authenticate, one a line, as
 * they are put together in one answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/image/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ended(const char *text, size_t max)
{
	if (strnlen(text, max) == max)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	struct challenge c = { 0 };

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		struct challenge before = c;
		size_t n = (size_t)((stop ? stop : end) - p);

		if (challenge_parse(p, n, &c) < 0 && memcmp(&c, &before, sizeof(c)) != 0)
			abort();
		if (c.scheme < before.scheme)
			abort();
		ended(c.realm, sizeof(c.realm));
		ended(c.service, sizeof(c.service));
		ended(c.scope, sizeof(c.scope));
		ended(c.error, sizeof(c.error));
		p += n + 1;
	}
	return 0;
}
