/* SPDX-License-Identifier: Apache-2.0 */
/* Pings: a container's echo requests, carried by the host's ping sockets (icmp(7)) where
 * the host allows those to the user. */
#ifndef NET_PING_H
#define NET_PING_H

#include <stdint.h>

#include "core/net/hold.h"
#include "core/net/share.h"
#include "core/net/tenant.h"

#define PING_MAX 256

/* One conversation: a container's socket (its ICMP id) and a destination. fd < 0: free.
 */
struct ping {
	int fd;
	uint16_t gen;
	uint16_t id;
	uint32_t tenant;
	uint64_t deadline; /* ms */
	struct packet_path path;
	struct hold_link link;
	size_t longest; /* its last request's fragments; 0: it came whole */
};

struct pings {
	int epfd;
	struct hold *hold;
	struct tenants *tenants;
	uint64_t now; /* ms, of this round of the loop */
	uint16_t live;
	struct share share;
	struct share_place places[PING_MAX];
	struct ping v[PING_MAX];
	uint8_t message[PACKET_WHOLE], answer[PACKET_WHOLE];
};

void ping_open(struct pings *ps);
/* A container's echo request was seen. */
void ping_request(struct pings *ps, const struct packet *p, const struct hold_link *from);
/* A host's ping socket has something. */
void ping_event(struct pings *ps, uint32_t index, uint16_t gen);
void ping_expire(struct pings *ps);
void ping_evict(struct pings *ps, uint32_t tenant, const struct ip_addr *addr);

#endif
