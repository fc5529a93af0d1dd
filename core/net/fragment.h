/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments of IP packets: those of containers put together again, and answers cut. No
 * socket's filter sees more than the pieces, so the stack does what the kernel's sockets
 * would. What can be whole here is what packet_parse understands: pings and datagrams. */
#ifndef NET_FRAGMENT_H
#define NET_FRAGMENT_H

#include "core/net/packet.h"

#define FRAGMENT_PLACES 8  /* packets of which some is there */
#define FRAGMENT_OWN    2  /* of these, at most one sender's */
#define FRAGMENT_UNIT   8u /* of offsets */
#define FRAGMENT_ROOM   65536
#define FRAGMENT_HEAD   40 /* before the room: for the header of either family */

/* What of a packet belongs together. */
struct fragment_key {
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t proto;
};

struct fragment_place {
	uint64_t deadline; /* ms; past: free */
	struct fragment_key key;
	size_t have;    /* units */
	size_t reach;   /* where the furthest ends */
	size_t len;     /* once the last one has come; else 0 */
	size_t longest; /* of the fragments, whole */
	uint8_t seen[FRAGMENT_ROOM / FRAGMENT_UNIT / 8];
	uint8_t data[FRAGMENT_HEAD + FRAGMENT_ROOM];
};

struct fragments {
	struct fragment_place v[FRAGMENT_PLACES];
};

/* One packet of a container that packet_parse does not understand. 0: with it the rest is
 * whole, and in *ret, its bytes in f until the next call. -EAGAIN: there is more to come;
 * -EINVAL: no fragment, or none that fits. now: ms, not 0. */
int fragment_add(struct fragments *f, const uint8_t *p, size_t n, uint64_t now,
		 struct packet *ret);

/* The next piece of a whole packet, written by packet_write_*, that is longer than most
 * (576 at least for IPv4, 1280 for IPv6); *at is 0 at first. Its length; 0: there is none
 * any more. dst: room for most. */
size_t fragment_cut(const uint8_t *whole, size_t n, size_t most, uint16_t id, size_t *at,
		    uint8_t *dst);

#endif
