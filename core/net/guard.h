/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may send into its network: frames from its own addresses only. It
 * stands at the bridge's port, where no capability inside the container reaches. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <linux/filter.h>
#include <stdbool.h>

#include "core/net/ipam.h"
#include "core/ns/netlink.h"

#define GUARD_CODE_MAX 400

/* How a port is guarded. By a filter that knows link, IPv4 and IPv6 addresses; where the
 * kernel has none (no sch_ingress or cls_bpf), the bridge is told the one link address of
 * the port: neighbours' frames cannot be had, their IP addresses could. Ports that are no
 * bridge's (segment.h) are not guarded. */
enum guard_way { GUARD_FILTER, GUARD_LOCK, GUARD_NONE, GUARD_WAYS };
/* "filter", … */
const char *guard_way_name(enum guard_way way);

struct guard {
	uint8_t mac[6];
	struct ip_addr addr, addr6; /* AF_UNSPEC: none */
	/* Its neighbours get packets from any IP address (of who routes for them, or has
	 * an address more), and hear by ARP and neighbour discovery that it has any. The
	 * realm, at these link addresses, gets its own only: so the stack still knows
	 * whose a connection is, on this network and on others. */
	bool open;
	uint8_t realm[2][6];
};

/* The filter: over an Ethernet frame, as tc's cls_bpf runs it (direct action). How many
 * instructions. */
size_t guard_compile(const struct guard *g, struct sock_filter code[GUARD_CODE_MAX]);

/* The way this kernel can, found by trying on a link of the caller's that nothing comes
 * in by, where what was tried stays. */
enum guard_way guard_try(struct netlink *nl, const char *ifname);

/* Makes the link a port of the bridge, guarded before the first frame. */
int guard_port(struct netlink *nl, uint32_t ifindex, uint32_t bridge,
	       const struct guard *g, enum guard_way way, struct err *e);

#endif
