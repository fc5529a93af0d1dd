/* SPDX-License-Identifier: Apache-2.0 */
/* A network's bridge in the realm's network namespace, with the rules that send a
 * container's connections to the stack (ARCHITECTURE.md section 3). The caller is root of
 * the realm and in its network namespace. */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H

#include <net/if.h>

#include "core/base/err.h"
#include "core/net/guard.h"
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
/* Routing table that delivers everything locally. */
#define BRIDGE_TABLE    100
#define BRIDGE_HOLD_MTU 65535

/* How containers' connections come to the stack, best first. What each needs of the
 * kernel beside bridge, veth and policy routing:
 *   TPROXY  nf_tables with tproxy, and AF_PACKET: the way of ARCHITECTURE.md section 3
 *   DOORS   AF_PACKET alone, no nf_tables: a listener and a routing rule for each
 *           destination (door.h); datagrams pass through the packet socket
 *   BARE    nf_tables with tproxy alone: a SYN cannot be held, so a connection is
 *           accepted first, and reset when the host cannot make it; no ping outside */
enum bridge_path { BRIDGE_TPROXY, BRIDGE_DOORS, BRIDGE_BARE, BRIDGE_PATHS };
/* What the links are made of: a bridge and veth pairs; where the kernel lacks either,
 * macvlan ports (segment.h), or taps and a process that hands packets on (patchbay.h); by
 * each of which any of the paths goes. */
enum bridge_fabric { BRIDGE_VETH, BRIDGE_MACVLAN, BRIDGE_TAPS, BRIDGE_FABRICS };
/* The pair through which a held SYN comes back: sent out of the second, it comes in at
 * the first. Its name says which path the realm has taken. */
const char *bridge_pair(enum bridge_path path, bool out);

/* Makes the realm's own parts (lo, hold pair, sysctls, tables, rules); idempotent. By the
 * first path that this kernel can; the path taken, or -errno. */
int bridge_realm_up(struct err *e);
/* The same by the path and of the fabric only that the name says (way.h); NULL: any. */
int bridge_realm_take(const char *only, struct err *e);
/* How the ports of this realm's bridges are guarded, which is known by trying. */
enum guard_way bridge_guard(enum bridge_path path);
/* Makes the bridge, or what stands for it, with its addresses and rules; idempotent. The
 * fabric that it is of, or -errno. */
int bridge_up(const struct bridge *b, struct err *e);
int bridge_down(const char *ifname, struct err *e);

#endif
