/* SPDX-License-Identifier: Apache-2.0 */
/* The porter: the stack's second process. It stands in the realm's network namespace and
 * makes sockets there, in batches, sets rings and rules, and it reads resolv.conf anew
 * whenever that changes: what the confined stack cannot do. */
#ifndef NET_PORTER_H
#define NET_PORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/net/resolvconf.h"
#include "core/net/ring.h"

enum porter_kind {
	PORTER_TCP4, /* non-blocking, IP_TRANSPARENT, TCP_NODELAY */
	PORTER_TCP6,
	PORTER_UDP4, /* non-blocking, IP_TRANSPARENT */
	PORTER_UDP6,
	PORTER_HOLD4, /* AF_PACKET, cooked, not yet bound */
	PORTER_HOLD6,
	PORTER_RAW4, /* whole packets out, by the realm's routes */
	PORTER_RAW6,
	PORTER_KINDS,
	PORTER_RULE, /* no socket: a routing rule */
	PORTER_RING, /* a ring (ring.h), one for each place */
};

#define PORTER_STOCK 32

/* The stack's side. Static: no allocation after the start. */
struct porter {
	int sock;
	int stock[PORTER_KINDS][PORTER_STOCK];
	uint8_t stocked[PORTER_KINDS];
	uint8_t asked[PORTER_KINDS]; /* on their way */
	int failed[PORTER_KINDS];    /* why no more came, where none did */
	struct resolvconf resolv;
	uint32_t resolv_read; /* so often */
	bool ruled;           /* a rule's answer is there: */
	int rule;
	struct porter_ring {
		int fd; /* of a new one, to be taken; -1 */
		int error;
		uint8_t orders; /* not yet answered */
	} rings[RING_MAX];
};

/* The calling process joins the user and the network namespace of that process. 0 or
 * -errno. */
int porter_join(int realm_pidfd);
/* Forks the porter, joins it to the realm (pidfd of a process there) and reads the first
 * resolv.conf. path must outlive the porter. */
int porter_start(struct porter *p, int realm_pidfd, const char *path, struct err *e);
/* A socket of the realm; -errno (-EPIPE: the porter is gone; -EMFILE, …: it lives, but
 * none can be had now). Waits only when the stock is empty. */
int porter_take(struct porter *p, enum porter_kind kind);
/* Adds, or takes away, the routing rule that delivers TCP to that address and port in the
 * realm. 0 or -errno. */
int porter_rule(struct porter *p, bool add, const struct ip_addr *addr, uint16_t port);
/* Orders the ring of that place to be of these flows, which come in by that link; of
 * none: to be ended. Does not wait: when p->rings[place].orders is 0 again, it is done,
 * or .error says why not; then there is none. 0 or -errno. */
int porter_ring(struct porter *p, unsigned int place, const char *ifname,
		const struct packet_path *flows, size_t n);
/* Everything ordered of it is done, and taken note of: it may be of another port. */
bool porter_ring_idle(const struct porter *p, unsigned int place);
/* p->sock was readable: takes in what has come, if it is still there: who waited for a
 * socket may have had it meanwhile. 0, or -errno when the porter is gone. */
int porter_event(struct porter *p);

#endif
