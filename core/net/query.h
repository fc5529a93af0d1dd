/* SPDX-License-Identifier: Apache-2.0 */
/* Queries over UDP: answered at once, or carried to the host's resolvers, one slot and
 * one socket (so, a source port that cannot be guessed) for each under way. */
#ifndef NET_QUERY_H
#define NET_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/net/resolver.h"
#include "core/net/wicket.h"

#define QUERY_MAX 512

/* fd < 0: free. */
struct query {
	int fd;
	uint16_t gen;
	uint16_t len;
	uint16_t tries; /* so far */
	uint16_t id;    /* the container's number; the message bears ours */
	uint8_t six;
	bool failed; /* a server has answered so */
	uint16_t wicket_gen;
	uint32_t wicket;
	uint64_t deadline; /* of this try, ms */
	struct sockaddr_storage client;
	uint8_t message[DNS_UDP_MAX];
};

struct queries {
	struct resolver *resolver;
	struct wickets *wickets;
	uint32_t used;
	uint32_t live;
	struct query v[QUERY_MAX];
	uint8_t answer[DNS_TCP_MAX]; /* what is being read */
};

/* A wicket's datagram socket is readable. */
void query_receive(struct queries *qs, struct wicket *g, unsigned int six);
/* A query's socket has an answer, or an error. */
void query_event(struct queries *qs, uint32_t index, uint16_t gen);
/* Asks the next server for those whose time is over. */
void query_expire(struct queries *qs);

#endif
