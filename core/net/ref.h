/* SPDX-License-Identifier: Apache-2.0 */
/* What an epoll event of the stack is about: packed into its 64 bits, so that one switch
 * in the main loop finds the owner, and an event of an earlier owner of the same slot is
 * told by its generation. */
#ifndef NET_REF_H
#define NET_REF_H

#include <stdint.h>

enum ref_kind {
	REF_CONTROL,    /* the listener for registrations */
	REF_TENANT,     /* a registration's connection; index: tenant */
	REF_PORTER,     /* the porter's socket */
	REF_HOLD,       /* held packets; side: 0 IPv4, 1 IPv6 */
	REF_OUTLET,     /* transparent TCP listener; side as above */
	REF_DOOR,       /* a destination's listener; index: door */
	REF_INLET,      /* a published port's listener; index: inlet */
	REF_FLOW,       /* one socket of a TCP flow; side: enum flow_side */
	REF_UDP_OUT,    /* transparent UDP socket that sees new flows; side as above */
	REF_UDP_FLOW,   /* one socket of a UDP flow */
	REF_UDP_RING,   /* a ring of UDP flows; index: ring */
	REF_PING,       /* one host ping socket; index: ping */
	REF_WICKET_UDP, /* a network's resolver; index: wicket */
	REF_WICKET_TCP,
	REF_QUERY,  /* a query under way; index: query */
	REF_STREAM, /* a resolver connection over TCP; index: stream; side: 0 container,
		       1 upstream */
};

struct ref {
	uint8_t kind;
	uint8_t side;
	uint16_t gen;
	uint32_t index;
};

/* epoll_ctl(2) EPOLL_CTL_ADD; 0 or -errno. */
int ref_add(int epfd, int fd, uint32_t events, struct ref r);
/* The same with EPOLL_CTL_MOD. */
int ref_set(int epfd, int fd, uint32_t events, struct ref r);
/* The ref of an event's data. */
struct ref ref_of(uint64_t data);

#endif
