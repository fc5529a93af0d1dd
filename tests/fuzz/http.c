/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/http.c: what is accepted must be inside the bytes given, and a
 * head cut short must never be accepted with another length. */
#include <stdint.h>
#include <stdlib.h>

#include "core/wire/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *data, size_t size, struct http_slice s)
{
	const char *p = (const char *)data;

	if (s.p && (s.p < p || s.p + s.n > p + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request r, again;
	ssize_t n = http_parse_request((const char *)data, size, &r);

	if (n <= 0)
		return 0;
	if ((size_t)n > size || n > HTTP_HEAD_MAX)
		abort();
	inside(data, size, r.method);
	inside(data, size, r.target);
	inside(data, size, r.path);
	inside(data, size, r.query);
	for (size_t i = 0; i < r.headers_len; i++) {
		inside(data, size, r.headers[i].name);
		inside(data, size, r.headers[i].value);
	}
	if (r.chunked && r.has_length)
		abort();
	/* The head alone reads the same; one byte less is no head yet. */
	if (http_parse_request((const char *)data, (size_t)n, &again) != n ||
	    again.headers_len != r.headers_len)
		abort();
	if (http_parse_request((const char *)data, (size_t)n - 1, &again) != 0)
		abort();
	http_lists(&r, "Accept", "text/html");
	return 0;
}
