/* SPDX-License-Identifier: Apache-2.0 */
/* The address pools of a new network: as asked for, or chosen. */
#ifndef ENGINE_NETPOOL_H
#define ENGINE_NETPOOL_H

#include "core/engine/network.h"

/* What others have, not to be overlapped: other networks' subnets, and (for what is
 * chosen only) the host's routes. */
struct netpool_taken {
	const struct ip_subnet *networks, *routes;
	size_t networks_len, routes_len;
};

/* Fills subnets, gateways, ranges and kept addresses: one pool of IPv4, and with IPv6 one
 * of that. Errors in docker's words. */
int netpool_fill(const struct network_want *w, const struct netpool_taken *taken,
		 struct network *n, struct err *e);
/* What is written as the default network's address/prefix ("bip"). */
int netpool_bip(const char *text, struct network *n, struct err *e);

#endif
