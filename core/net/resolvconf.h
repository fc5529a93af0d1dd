/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.conf(5): the host's resolvers. A pure parser. */
#ifndef NET_RESOLVCONF_H
#define NET_RESOLVCONF_H

#include <stddef.h>
#include <stdint.h>

#include "core/net/ipam.h"

#define RESOLVCONF_SIZE_MAX    65536
#define RESOLVCONF_SERVERS_MAX 8
#define RESOLVCONF_ZONE_MAX    16

struct resolvconf_server {
	struct ip_addr addr;
	char zone[RESOLVCONF_ZONE_MAX]; /* "eth0" of "fe80::1%eth0"; "" when none */
};

struct resolvconf {
	struct resolvconf_server servers[RESOLVCONF_SERVERS_MAX];
	size_t servers_len;
	uint8_t timeout;  /* seconds for one server, 1..30 */
	uint8_t attempts; /* rounds over all of them, 1..5 */
};

/* Lines that are not understood are passed over, as libc does; servers past the maximum
 * too. Without any, the local host is asked (resolv.conf(5)). */
void resolvconf_parse(const char *text, size_t n, struct resolvconf *ret);

#endif
