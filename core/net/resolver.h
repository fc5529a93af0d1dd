/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver's knowledge: what it answers by itself, and whom it asks else. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/net/dns.h"
#include "core/net/porter.h"
#include "core/net/tenant.h"

struct resolver {
	int epfd;
	struct tenants *tenants;
	struct porter *porter; /* its resolv: the host's resolvers */
	uint64_t now;          /* ms, of this round of the loop */
	size_t good;           /* the server that answered when those before did not */
	uint64_t good_until;   /* ms */
	uint32_t good_of;      /* the reading of resolv.conf that it is of */
};

/* Answers a query from the container with that address, as far as it can be answered
 * here: names of containers, of the host, their reverse, refusals. The length of the
 * answer in dst (at most limit bytes); 0: to be forwarded; -errno: to be dropped. */
int resolver_answer(const struct resolver *r, const struct ip_addr *from,
		    const uint8_t *query, size_t n, uint8_t *dst, size_t limit);
/* An answer without records, for a query that nobody answered. */
size_t resolver_fail(const uint8_t *query, size_t n, uint8_t *dst, size_t limit);
/* A socket connecting to server i (counted over all rounds): fd or -errno. type:
 * SOCK_DGRAM, SOCK_STREAM. */
int resolver_connect(const struct resolver *r, size_t i, int type);
/* How many times a server may be asked for one query, over all servers. */
size_t resolver_tries(const struct resolver *r);
uint64_t resolver_timeout_ms(const struct resolver *r);
/* Is the reply to the last of so many tries its server's own failure (SERVFAIL, NOTIMP,
 * REFUSED), with another server left to be asked? So does libc. */
bool resolver_goes_on(const struct resolver *r, size_t tries, const uint8_t *reply);
/* The i-th try brought an answer, those before it brought none: for a while that server
 * is asked first. */
void resolver_praise(struct resolver *r, size_t i);

#endif
