/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/dns.c: a question lies inside its bytes, and what is answered
 * to it parses and belongs to it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const uint8_t *data, size_t size, const struct dns_question *q)
{
	const struct ip_addr addrs[2] = { { .family = AF_INET }, { .family = AF_INET6 } };
	const struct dns_answer answers[] = {
		{ .addrs = addrs, .addrs_len = 2 },
		{ .name = q->name },
		{ .rcode = DNS_SERVFAIL },
	};
	struct ip_addr a;

	dns_parse_reverse(q->name, &a);
	for (size_t i = 0; i < 3; i++) {
		size_t limit = size % 700;
		uint8_t *dst = malloc(limit + 1);
		size_t n = dns_write(dst, limit, data, q, &answers[i]);

		if (n > limit)
			abort();
		if (n && q->end > DNS_HEADER && !dns_matches(dst, n, data, size))
			abort();
		free(dst);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_question q;
	size_t half = size / 2;
	int rc = dns_parse(data, size, &q);

	if (rc == 0 && (q.end > size || strlen(q.name) >= sizeof(q.name)))
		abort();
	if (rc == 0)
		answer(data, size, &q);
	dns_matches(data, half, data + half, size - half);
	return 0;
}
