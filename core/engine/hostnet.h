/* SPDX-License-Identifier: Apache-2.0 */
/* How this host is on the network: what pasta gives to a namespace as its own. */
#ifndef ENGINE_HOSTNET_H
#define ENGINE_HOSTNET_H

#include <net/if.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/net/ipam.h"

struct hostnet {
	char ifname[IFNAMSIZ];
	struct ip_addr addr; /* its first one of global scope */
	uint8_t prefix;
	struct ip_addr gateway;
};

/* By the default route of that family, of that interface only unless ifname is NULL.
 * -ENOENT: there is none. */
int hostnet_find(sa_family_t family, const char *ifname, struct hostnet *ret,
		 struct err *e);
/* The prefix of the host's address that equals a, or 0. */
uint8_t hostnet_prefix(const struct ip_addr *a);

#endif
