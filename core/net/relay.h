/* SPDX-License-Identifier: Apache-2.0 */
/* The relay: bytes between the two sockets of an open flow, by splice(2) through a pipe.
 * No byte passes through this process's memory. */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include <stddef.h>

#include "core/net/flow.h"

#define RELAY_IDLE_MAX 8
#define RELAY_BULK     100

/* Zero but for limit. Pipes are held by a direction only while bytes wait in it; the
 * others rest here. Past the limit bytes wait where they are, in the source's socket, and
 * only what goes through at once is moved. */
struct relay {
	struct flow_pipe idle[RELAY_IDLE_MAX];
	size_t idle_len;
	size_t live; /* all of them */
	size_t limit;
	unsigned int bulk; /* set by moves of many bytes; the owner counts it down */
};

enum relay_result {
	RELAY_WAIT,  /* nothing to do until the next event */
	RELAY_AGAIN, /* more to do; it only gave way to others */
	RELAY_LATE,  /* only an end is to be passed on */
	RELAY_DONE,  /* both directions have ended */
	RELAY_RESET, /* one side was reset: the other is to be, too */
};

/* Moves what can be moved in the directions of f->due (bits 1 << side); after RELAY_AGAIN
 * and RELAY_LATE those with work left are set there, else none. late: passes ends on,
 * too. */
enum relay_result relay_run(struct relay *r, struct flow *f, bool late);
/* To be called for each socket that is to become a flow's, or for the listener that it
 * comes from: should this process be killed, the peer sees a reset and not an end, for
 * what it has got so far may not be all. */
void relay_guard(int fd);
/* Closes a flow's sockets and gives its pipes back. reset: the peers see a reset instead
 * of an end. */
void relay_close(struct relay *r, struct flow *f, bool reset);

#endif
