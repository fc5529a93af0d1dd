/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/hostfwd.c: a request that is taken is a whole one. */
#include "core/engine/hostfwd.h"

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hostfwd_request q;
	struct err e = { 0 };

	if (hostfwd_parse((const char *)data, size, &q, &e) != 0) {
		must(e.text[0] != 0);
		return 0;
	}
	if (q.verb == HOSTFWD_ADD)
		must(q.map.port && q.map.host_port && q.map.host_ip.family);
	if (q.verb == HOSTFWD_REMOVE)
		must(q.id >= 0);
	return 0;
}
