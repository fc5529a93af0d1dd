/* SPDX-License-Identifier: Apache-2.0 */
/* A network's bridge in the realm's network namespace, with the rules that send a
 * container's connections to the stack (ARCHITECTURE.md section 3). The caller is root of
 * the realm and in its network namespace. */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H

#include <net/if.h>

#include "core/base/err.h"
#include "core/net/ipam.h"

struct bridge {
	char ifname[IFNAMSIZ]; /* "rl-" + 12 characters of the network's ID, or
				  "docker0"'s like */
	struct ip_subnet subnet;
	struct ip_addr gateway;
	struct ip_subnet subnet6; /* AF_UNSPEC: none */
	struct ip_addr gateway6;
	uint32_t mtu;
	bool internal; /* no way out */
	bool isolated; /* --icc=false */
};

/* Makes the realm's own parts (lo, hold pair, sysctls, tables, rules); idempotent. */
int bridge_realm_up(struct err *e);
/* Makes the bridge with its addresses and rules; idempotent. */
int bridge_up(const struct bridge *b, struct err *e);
int bridge_down(const char *ifname, struct err *e);

#endif
