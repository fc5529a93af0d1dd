/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/ipam.c: addresses and subnets as they are typed. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/ipam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = str_ndup((const char *)data, size);
	struct ip_subnet s = { 0 };
	struct ip_addr a = { 0 };

	ipam_parse_addr(text, &a);
	if (ipam_parse_subnet(text, &s) == 0) {
		if (s.prefix > 128)
			abort();
		ipam_nth(&s, 1, &a);
		ipam_nth(&s, UINT64_MAX, &a);
	}
	return 0;
}
