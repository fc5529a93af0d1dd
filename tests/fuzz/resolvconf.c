/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/net/resolvconf.c: there is always a server, of a known family. */
#include <stdint.h>
#include <stdlib.h>

#include "core/net/resolvconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolvconf c;

	resolvconf_parse((const char *)data, size, &c);
	if (!c.servers_len || c.servers_len > RESOLVCONF_SERVERS_MAX || !c.timeout ||
	    !c.attempts)
		abort();
	for (size_t i = 0; i < c.servers_len; i++)
		if (c.servers[i].addr.family != AF_INET &&
		    c.servers[i].addr.family != AF_INET6)
			abort();
	return 0;
}
