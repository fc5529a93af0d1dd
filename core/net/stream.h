/* SPDX-License-Identifier: Apache-2.0 */
/* DNS over TCP: a container's connection to its gateway's port 53. Questions are answered
 * one after the other: here, or by one of the host's resolvers, over TCP too. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/resolver.h"
#include "core/net/spare.h"
#include "core/net/wicket.h"

#define STREAM_MAX 128

/*   QUESTION  reads a question from the container
 *   ASK       connects to a resolver and sends it the question
 *   REPLY     reads the resolver's reply
 *   ANSWER    writes an answer to the container, then back to QUESTION
 * FREE from any of them: at the container's end, an error, or the deadline. */
enum stream_state {
	STREAM_FREE,
	STREAM_QUESTION,
	STREAM_ASK,
	STREAM_REPLY,
	STREAM_ANSWER,
};

struct stream {
	uint8_t state;
	bool failed; /* a resolver has answered so */
	uint16_t gen;
	uint16_t tries;
	int fd[2]; /* container, resolver */
	struct ip_addr from;
	uint64_t deadline; /* ms */
	size_t at;         /* bytes of the current message moved */
	/* Taken with the connection, given back with it: each a length and a message. */
	uint8_t *question, *answer;
};

struct streams {
	struct resolver *resolver;
	struct spare *spare;
	uint32_t used;
	uint32_t live;
	struct stream v[STREAM_MAX];
};

/* A wicket's listener is readable. */
void stream_accept(struct streams *ss, const struct wicket *g, unsigned int six);
void stream_event(struct streams *ss, uint32_t index, uint16_t gen);
void stream_expire(struct streams *ss);

#endif
