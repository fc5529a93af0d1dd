/* SPDX-License-Identifier: Apache-2.0 */
/* Held packets: the stack's eye and hand on the realm's bridges. It sees the first packet
 * of each TCP connection (which the bridge's rules drop) and each echo request, and it
 * writes packets: the same SYN again, resets, ICMP errors, echo replies. */
#ifndef NET_HOLD_H
#define NET_HOLD_H

#include "core/base/err.h"
#include "core/net/bridge.h"
#include "core/net/fragment.h"
#include "core/net/packet.h"
#include "core/net/porter.h"

#define HOLD_BATCH 32
#define HOLD_LARGE 65536 /* of a ping, and of a datagram where they come this way */

/* Where a packet came from, and so where an answer goes. */
struct hold_link {
	int ifindex;
	uint8_t mac[6];
};

struct hold {
	enum bridge_path path;
	int fd[2]; /* IPv4, IPv6 (-1: none; both where packets cannot be held) */
	int raw[2];
	int in, out; /* ifindexes of the pair */
	uint8_t in_mac[6];
	uint16_t cut; /* answers that were cut into fragments */
	uint8_t piece[HOLD_LARGE];
	struct fragments fragments;
	uint8_t data[HOLD_BATCH * HOLD_LARGE]; /* what is being read */
};

/* Finds the path that the realm has taken, too. */
int hold_open(struct hold *h, struct porter *porter, struct err *e);

/* Reads what waits on h->fd[six], calling fn for each packet understood. */
typedef void hold_fn(void *arg, const struct packet *p, const struct hold_link *from);
void hold_receive(struct hold *h, unsigned int six, hold_fn *fn, void *arg);

/* Sends a held SYN back into the realm, where the transparent listener gets it. */
int hold_offer(const struct hold *h, const struct packet_path *path, const uint8_t *tcp,
	       size_t tcp_len);
/* Refuses a SYN. */
int hold_reset(const struct hold *h, const struct hold_link *to,
	       const struct packet_path *path, uint32_t seq);
/* Writes a whole packet towards a container. */
int hold_send(const struct hold *h, const struct hold_link *to, const uint8_t *p,
	      size_t n);
/* The same in fragments, none of them longer than longest. */
int hold_send_cut(struct hold *h, const struct hold_link *to, const uint8_t *p, size_t n,
		  size_t longest);
/* The same by the realm's routes and neighbours, when the link is not known. */
int hold_route(const struct hold *h, const uint8_t *p, size_t n);

#endif
