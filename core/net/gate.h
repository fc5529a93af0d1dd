/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: one for each network with a tenant; the resolver's sockets on its gateway
 * address, in the realm. */
#ifndef NET_GATE_H
#define NET_GATE_H

#include <stdint.h>

#include "core/net/porter.h"
#include "core/net/tenant.h"

#define GATE_MAX 256

/* users == 0: a free slot. [0] IPv4, [1] IPv6; -1: none. */
struct gate {
	uint32_t users;
	uint16_t gen;
	char bridge[IFNAMSIZ];
	struct ip_addr addr[2];
	int udp[2];
	int tcp[2];
};

struct gates {
	int epfd;
	struct porter *porter;
	uint32_t used;
	struct gate v[GATE_MAX];
};

/* A tenant has come to that place: opens the gate when it is the first. */
int gate_enter(struct gates *gs, const struct stack_attachment *place);
/* It has left; with the last the gate closes. */
void gate_leave(struct gates *gs, const struct stack_attachment *place);
struct gate *gate_get(struct gates *gs, uint32_t index, uint16_t gen);

#endif
