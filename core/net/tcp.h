/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: a container's connections out (held SYN → host's connect → transparent accept),
 * and connections in to its published ports. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "core/base/err.h"
#include "core/net/door.h"
#include "core/net/flow.h"
#include "core/net/pace.h"
#include "core/net/relay.h"
#include "core/net/spare.h"
#include "core/net/tenant.h"

#define TCP_NEAR        4
#define TCP_DELACKS_MAX 64

/* A flow whose handshake with the far end is still to be closed (tcp_host.c). */
struct tcp_delack {
	uint16_t index, gen;
};

/* What it works with; the owner is the stack. */
struct tcp {
	int epfd;
	int outlet[2]; /* transparent listeners, IPv4 and IPv6 (-1: none) */
	struct flow_table *flows;
	struct hold *hold;
	struct porter *porter;
	struct tenants *tenants;
	struct relay relay;
	struct doors doors;
	struct pace pace;
	struct spare spare;
	int ready[2]; /* host sockets not connected yet (-1: none), IPv4 and IPv6 */
	struct ip_addr near[TCP_NEAR]; /* addresses of this host, as far as known */
	uint8_t near_next;
	struct tcp_delack delacks[TCP_DELACKS_MAX];
	uint8_t delacks_len;
	uint64_t delacks_at; /* ms: the first of them */
	uint8_t wanted;      /* of which one is to be made: 1 << six */
	uint8_t offered;  /* outlets to which something was offered just now: 1 << six */
	uint64_t now;     /* ms, of this round of the loop */
	uint64_t swept;   /* ms */
	uint32_t refused; /* connections, for want of a place in the table */
	bool reserved;    /* from one of them the last places were kept */
	uint32_t delayed; /* rounds since one of FLOW_LATE had its turn */
};

/* Opens the transparent listeners. */
int tcp_open(struct tcp *t, struct err *e);
/* A container's SYN was seen. */
void tcp_syn(struct tcp *t, const struct packet *p, const struct hold_link *from);
/* A transparent listener (an outlet, a door) is readable. */
void tcp_accept(struct tcp *t, int listener);
/* A client was accepted on a published port: takes fd, whatever happens. */
void tcp_dial(struct tcp *t, uint32_t tenant, int fd, uint16_t port, bool outward);
/* An event on one socket of a flow. */
void tcp_event(struct tcp *t, struct flow *f, enum flow_side side, uint32_t events);
/* Gives the flows that have work left a turn each; true when some still have. quiet: no
 * event came in this round. */
bool tcp_turn(struct tcp *t, bool quiet);
/* To be called before waiting for long: sends the ACKs that were delayed. */
void tcp_ack(struct tcp *t);
/* Drops offers that were not taken up. */
void tcp_expire(struct tcp *t);
/* Resets every flow of a container that is gone, or (addr not NULL) has that address no
 * more. */
void tcp_evict(struct tcp *t, uint32_t tenant, const struct ip_addr *addr);

#endif
