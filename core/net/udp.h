/* SPDX-License-Identifier: Apache-2.0 */
/* UDP: flows of datagrams, out of a container and in to its published ports, each with a
 * realm socket that bears the far end's address. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/datagram.h"
#include "core/net/hold.h"
#include "core/net/inlet.h"
#include "core/net/ring.h"
#include "core/net/share.h"
#include "core/net/tenant.h"

#define UDP_MAX          4096
#define UDP_BUCKETS      8192
#define UDP_NONE         UINT16_MAX
#define UDP_RING_LOOK_NS 100000

/* One flow. Out: path.src is the container, fd[0] a host socket connected to path.dst,
 * fd[1] a realm socket bound to path.dst and connected to path.src. In: path.src is the
 * client (or the gateway standing for it), path.dst the container; fd[0] is the inlet's
 * socket, shared and not owned; fd[1] a realm socket bound to path.src. */
struct udp_flow {
	bool live, inward;
	uint8_t ring; /* its place + 1; 0: of none */
	bool fresh;   /* of a ring, from which nothing has been read yet */
	uint16_t gen;
	uint16_t next;
	uint32_t since, count; /* ms, or not before; datagrams of the container */
	uint32_t tenant;
	int fd[2];
	uint64_t deadline; /* ms */
	struct packet_path path;
	struct sockaddr_storage client; /* in */
	struct ip_addr local;           /* in: the address the client spoke to */
	uint32_t inlet;                 /* in */
};

struct udp_ring {
	struct ring ring; /* .fd -1: not there, or not yet */
	char port[IFNAMSIZ];
	bool filling; /* looked at, not waited for */
	uint8_t idle; /* looks in vain */
	uint8_t len;  /* 0: not asked for */
	uint16_t flows[RING_FLOWS];
	struct packet_path wire[RING_FLOWS]; /* as the container's datagrams travel */
};

struct udp {
	int epfd;
	int outlet[2]; /* transparent sockets that see new flows; -1: none */
	struct porter *porter;
	struct hold *hold;
	struct tenants *tenants;
	uint64_t now; /* ms, of this round of the loop */
	uint64_t swept;
	uint64_t key; /* of the hash, random */
	uint16_t live;
	struct share share;
	struct share_place places[UDP_MAX];
	uint16_t buckets[UDP_BUCKETS];
	struct udp_flow v[UDP_MAX];
	struct datagrams batch;
	struct datagrams ringed; /* of the rings */
	struct udp_ring rings[RING_MAX];
	bool looks; /* the kernel can wait for parts of a millisecond */
};

int udp_open(struct udp *u, uint16_t limit, struct err *e);
/* The transparent socket is readable: datagrams without a flow. */
void udp_receive(struct udp *u, unsigned int six);
/* A datagram came by the packet socket: where no rule hands them to sockets, each does.
 */
void udp_packet(struct udp *u, const struct packet *p);
/* A published port is readable. */
void udp_inlet(struct udp *u, const struct inlet *i, uint32_t index);
/* An event on one socket of a flow. */
void udp_event(struct udp *u, uint32_t index, uint16_t gen, unsigned int side);
/* Something has come by a ring; udp_ring_turn reads it. */
void udp_ring_event(struct udp *u, uint32_t index);
/* Once in each round of the loop. Whether a ring fills: then, where the kernel can, the
 * next round is to come within UDP_RING_LOOK_NS. */
bool udp_ring_turn(struct udp *u);
/* To be called when no event that names a flow is still to be dealt with. */
void udp_expire(struct udp *u);
/* Ends what visitors have with that port of the container. */
void udp_withdraw(struct udp *u, uint32_t tenant, uint16_t port);
void udp_evict(struct udp *u, uint32_t tenant, const struct ip_addr *addr);

#endif
