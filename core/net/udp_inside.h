/* SPDX-License-Identifier: Apache-2.0 */
/* UDP's own, shared by its files and nobody else. */
#ifndef NET_UDP_INSIDE_H
#define NET_UDP_INSIDE_H

#include "core/net/udp.h"

enum udp_side { UDP_HOST, UDP_REALM };

/* Sends the batch's first n, which came for the flow by that side, on by the other. */
void udp_forward(struct udp *u, struct datagrams *d, struct udp_flow *f,
		 unsigned int side, int n);
/* Receives a batch by that side and sends it on: whether more may wait. */
bool udp_pass(struct udp *u, struct datagrams *d, struct udp_flow *f, unsigned int side);

/* --- udp_ring.c --- */

void udp_ring_init(struct udp *u);
/* A datagram of n bytes has come from the container by the common way: a flow that is
 * busy gets its place in a ring. */
void udp_ring_weigh(struct udp *u, struct udp_flow *f, size_t n);
/* The flow is not, or no more, of a ring. */
void udp_ring_leave(struct udp *u, struct udp_flow *f);
/* Sends on what a ring has for the flow: it came before what has just been received from
 * its socket. u->batch stays. */
void udp_ring_before(struct udp *u, const struct udp_flow *f);
/* Takes in what the porter has to say of rings. */
void udp_ring_news(struct udp *u);
/* Flows that have become quiet since the last time leave their rings. */
void udp_ring_sweep(struct udp *u);

#endif
