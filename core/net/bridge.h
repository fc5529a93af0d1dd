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

/* Where the stack listens in the realm: 127.0.0.1 and [::1], out of the containers'
 * reach.
 */
#define BRIDGE_STACK_PORT 1
/* The pair through which a held SYN comes back: sent out of BRIDGE_HOLD_OUT, it comes in
 * at BRIDGE_HOLD_IN. */
#define BRIDGE_HOLD_IN  "hold0"
#define BRIDGE_HOLD_OUT "hold1"
#define BRIDGE_HOLD_MTU 65535

/* Makes the realm's own parts (lo, hold pair, sysctls, tables, rules); idempotent. */
int bridge_realm_up(struct err *e);
/* Makes the bridge with its addresses and rules; idempotent. */
int bridge_up(const struct bridge *b, struct err *e);
int bridge_down(const char *ifname, struct err *e);

#endif
