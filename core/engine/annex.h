/* SPDX-License-Identifier: Apache-2.0 */
/* The annex: a network namespace of ours beside a foreign one, owned by the same user
 * namespace. It holds the bridge and the rules that a realm has, and one veth pair leads
 * from it into the target, which sees a device and a router. */
#ifndef ENGINE_ANNEX_H
#define ENGINE_ANNEX_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/engine/nstarget.h"
#include "core/net/ipam.h"

#define ANNEX_BRIDGE "rl0"
#define ANNEX_PORT   "peer0" /* of the pair, this side */

/* One family of the target's network. addr AF_UNSPEC: it has none. */
struct annex_side {
	struct ip_addr addr;
	uint8_t prefix;
	struct ip_addr router;
	struct ip_addr resolver; /* AF_UNSPEC: names are not answered */
};

struct annex_plan {
	char ifname[IFNAMSIZ];
	uint8_t mac[6];
	uint32_t mtu;
	struct annex_side side[2]; /* IPv4, IPv6 */
	bool configure;            /* addresses and routes are set inside */
	/* The target's subnet is on its link, with nobody there but router and resolver;
	 * else it is the host's, and goes by way of the router like all else. */
	bool own_subnet;
	/* It is for visitors of published ports: where the target has a default route
	 * already, that stays. */
	bool visits;
};

struct annex {
	pid_t pid;
	int pidfd; /* of the process that holds it until another has joined */
	int sock;
	int watch;     /* netlink socket that hears of the pair's end */
	int links;     /* of taps: a connection to the process between them; else -1 */
	bool faceless; /* visits: answers to far addresses would go another way */
};

/* Makes it: returns when the target has its device. */
int annex_open(const struct annex_plan *p, const struct nstarget *t, struct annex *ret,
	       struct err *e);
/* Another process has joined: ours goes. */
void annex_leave(struct annex *a);
/* a->watch is readable: has the target's device gone? */
bool annex_ended(const struct annex *a);
void annex_done(struct annex *a);

#endif
