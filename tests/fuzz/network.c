/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/engine/network.c: a network's record.json. */
#include <sys/stat.h>

#include "core/engine/network.h"
#include "tests/fuzz/fuzz.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(network_done) struct network n = { 0 };
	struct store s = { .data = (char *)"/fuzz", .data_fd = fuzz_dirfd() };
	struct err e = { 0 };

	mkdirat(s.data_fd, "networks", 0700);
	mkdirat(s.data_fd, "networks/" ID, 0700);
	fuzz_file(s.data_fd, "networks/" ID "/record.json", data, size);
	if (network_open(&s, NULL, ID, &n, &e) < 0) {
		must(e.text[0]);
		return 0;
	}
	must(n.name && str_eq(n.id, ID));
	must(n.plain || ipam_contains(&n.bridge.subnet, &n.bridge.gateway));
	return 0;
}
