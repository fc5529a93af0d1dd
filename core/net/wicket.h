/* SPDX-License-Identifier: Apache-2.0 */
/* Wickets, where names are asked for: one for each network with a tenant; the resolver's
 * sockets on its gateway address, in the realm. */
#ifndef NET_WICKET_H
#define NET_WICKET_H

#include <stdint.h>

#include "core/net/porter.h"
#include "core/net/tenant.h"

#define WICKET_MAX 256

/* users == 0: a free slot. [0] IPv4, [1] IPv6; -1: none. */
struct wicket {
	uint32_t users;
	uint16_t gen;
	char bridge[IFNAMSIZ];
	struct ip_addr addr[2];
	int udp[2];
	int tcp[2];
};

struct wickets {
	int epfd;
	struct porter *porter;
	uint32_t used;
	struct wicket v[WICKET_MAX];
};

/* A tenant has come to that place: opens the wicket when it is the first. */
int wicket_enter(struct wickets *gs, const struct stack_attachment *place);
/* It has left; with the last the wicket closes. */
void wicket_leave(struct wickets *gs, const struct stack_attachment *place);
struct wicket *wicket_get(struct wickets *gs, uint32_t index, uint16_t gen);

#endif
