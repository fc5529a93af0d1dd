/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/portspec.c: what is taken stays within its bounds. */
#include "core/engine/portspec.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct publish like = { .proto = PUBLISH_UDP, .outward = true };
	autofree char *text = str_ndup((const char *)data, size);
	struct portspec p = { 0 };
	struct err e = { 0 };

	if (portspec_parse(text, &like, &p, &e) == 0) {
		must(p.len <= PORTSPEC_MAX && p.except_len <= PORTSPEC_MAX);
		for (size_t i = 0; i < p.except_len; i++)
			must(p.except[i].first && p.except[i].first <= p.except[i].last);
		for (size_t i = 0; i < p.len; i++)
			must(p.v[i].port && p.v[i].host_port &&
			     p.v[i].host_port == p.v[i].host_port_end && p.v[i].outward &&
			     p.v[i].proto == PUBLISH_UDP);
	} else {
		must(e.text[0] != 0);
	}
	portspec_done(&p);
	return 0;
}
