/* SPDX-License-Identifier: Apache-2.0 */
/* A container's interface on a network: one veth pair from the bridge into its namespace,
 * or a port beside the realm's (segment.h). */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <net/if.h>
#include <stdbool.h>

#include "core/base/err.h"
#include "core/net/guard.h"
#include "core/net/ipam.h"

struct endpoint {
	char bridge[IFNAMSIZ];
	char host_ifname[IFNAMSIZ]; /* realm side, of a pair only: "veth", of the
				       container's ID, a number */
	char ifname[IFNAMSIZ];      /* container side: "eth0" */
	uint8_t mac[6];
	struct ip_addr addr;
	uint8_t prefix;
	struct ip_addr gateway; /* AF_UNSPEC: no default route (internal) */
	struct ip_addr addr6;
	uint8_t prefix6;
	struct ip_addr gateway6;
	uint32_t mtu;
	enum guard_way guard; /* of the port, when it has an address here */
	bool open;     /* source_check=false: its neighbours get any IP address of it */
	bool isolated; /* --icc=false: reaches the gateway only */
	bool late;     /* the namespace is in use: its sysctls are left as they are, but
			  that its new interface gets IPv6 when it has an address */
};

/* Caller: root of the realm, in the realm's network namespace; netns_fd: the container's
 * (owned by a user namespace nested in the realm's). Leaves the caller in the realm's
 * namespace. Also sets, inside: lo up, ping_group_range over all mapped gids,
 * ip_unprivileged_port_start 0, accept_ra 0. Where it fails no interface is left. */
int endpoint_attach(const struct endpoint *ep, int netns_fd, struct err *e);
/* The default route, in one family, of an endpoint that had none. */
int endpoint_route(const struct endpoint *ep, sa_family_t family, int netns_fd,
		   struct err *e);
/* lo up and the sysctls only (a --network none container). */
int endpoint_loopback(int netns_fd, struct err *e);
/* Removes the interface (it goes by itself with the container's namespace). */
int endpoint_detach(const struct endpoint *ep, int netns_fd, struct err *e);

#endif
