/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table: every TCP connection that the stack carries, in one array of fixed
 * size.
 *
 * States of a flow, and what it waits for:
 *
 *   outbound   CONNECTING  the host's connect(2); the container's SYN is held
 *              REACHING    the same, but the container's socket was accepted already
 *              OFFERED     the SYN was sent again; the transparent listener's accept
 *              OPEN        both sockets; bytes move
 *   inbound    DIALLING    connect(2) towards the container; the client is accepted
 *              OPEN
 *
 * Every state ends in FREE: by both directions' end, by a reset from either side, by the
 * kernel's connect timeout (CONNECTING, REACHING, DIALLING), after FLOW_OFFER_MS
 * (OFFERED), when the container's registration goes, or, while half-open (CONNECTING,
 * REACHING, DIALLING), for want of a place for another's connection (tcp_place.c). */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/hold.h"
#include "core/net/packet.h"
#include "core/net/share.h"

#define FLOW_MAX      10240
#define FLOW_BUCKETS  16384
#define FLOW_NONE     UINT16_MAX
#define FLOW_OFFER_MS 10000

enum flow_state {
	FLOW_FREE,
	FLOW_CONNECTING,
	FLOW_REACHING,
	FLOW_OFFERED,
	FLOW_DIALLING,
	FLOW_OPEN,
};

/* One socket of a flow. A direction is named by the side its bytes come from. */
enum flow_side { FLOW_HOST, FLOW_REALM };

struct flow_pipe {
	int r, w;       /* -1: none held */
	uint16_t slots; /* how many pieces it takes at least */
	bool narrow;    /* takes only what goes on at once (relay.c) */
};

struct flow {
	uint8_t state;
	uint8_t ended[2]; /* end of file was read from this side */
	uint8_t shut[2];  /* and was passed on to the other */
	uint8_t due;      /* directions to be run: 1 << side */
	uint8_t ending;   /* sides that are known to have sent their end: 1 << side */
	uint8_t room;     /* sides watched for room to write, too: 1 << side */
	uint8_t stuck;    /* directions whose sink was full, the pipe empty: 1 << side */
	bool hashed : 1, queued : 1, listed : 1;
	bool half : 1;      /* among the half-open ones of its container */
	bool seen;          /* by a sweep */
	uint8_t probed;     /* sides whose socket the kernel probes: 1 << side */
	uint8_t probed_end; /* those that are probed as what may be an orphan */
	bool sudden;        /* accepted before its SYN was seen: seq is not known */
	uint16_t door;      /* DOOR_NONE: none */
	uint16_t gen;
	uint16_t next_hash;
	uint16_t next_run;             /* in one of the queues */
	uint16_t next_list, prev_list; /* OFFERED, oldest first; or the free list */
	uint32_t tenant;               /* whose it is */
	int fd[2];
	struct flow_pipe pipe[2]; /* bytes from this side, not yet taken by the other */
	uint32_t held[2];         /* how many */
	uint64_t deadline;        /* OFFERED: ms */
	struct packet_path path;  /* outbound: as the container sent it */
	struct hold_link link;    /* outbound: where answers go */
	uint32_t seq;
	uint8_t syn_len;
	uint8_t syn[PACKET_TCP_MAX];
};

/* Flows that have something to be done without an event. */
enum flow_turn {
	FLOW_SOON, /* work left after their turn */
	FLOW_LATE, /* what nobody waits for: an end to be passed on */
	FLOW_TURNS
};

struct flow_table {
	uint16_t limit; /* at most FLOW_MAX */
	uint16_t used;  /* slots ever used */
	uint16_t live;
	uint16_t room; /* slots that flow_new has left */
	uint16_t free;
	uint16_t run_first[FLOW_TURNS], run_last[FLOW_TURNS];
	uint16_t offered_first, offered_last;
	uint16_t buckets[FLOW_BUCKETS];
	uint64_t key;              /* of the hash, random */
	uint16_t held[TENANT_MAX]; /* live ones, of each container */
	struct share half;         /* the half-open ones, by their slots */
	struct share_place places[FLOW_MAX];
	struct flow v[FLOW_MAX];
};

void flow_init(struct flow_table *t, uint16_t limit);
/* A slot of that container's with both descriptors and pipes -1, or NULL when the table
 * is full. */
struct flow *flow_new(struct flow_table *t, uint32_t tenant);
/* Its state from now on. */
void flow_enter(struct flow_table *t, struct flow *f, enum flow_state state);
/* Takes it out of every list. The descriptors are the caller's to close before. */
void flow_free(struct flow_table *t, struct flow *f);
/* To be called when no event that names a slot is still to be dealt with. After many
 * flows, with none left, the kernel gets the memory of their slots back. */
void flow_rest(struct flow_table *t);
uint16_t flow_index(const struct flow_table *t, const struct flow *f);
/* NULL when the slot has been used anew since. */
struct flow *flow_get(struct flow_table *t, uint32_t index, uint16_t gen);

/* By its path (f->path, set before). */
void flow_hash(struct flow_table *t, struct flow *f);
void flow_unhash(struct flow_table *t, struct flow *f);
struct flow *flow_find(struct flow_table *t, const struct packet_path *path);

/* The queues. A flow that is in one already stays there. */
void flow_queue(struct flow_table *t, struct flow *f, enum flow_turn turn);
/* NULL: the queue is empty. */
struct flow *flow_dequeue(struct flow_table *t, enum flow_turn turn);
bool flow_waiting(const struct flow_table *t, enum flow_turn turn);

/* The list of offered flows, oldest first. */
void flow_list(struct flow_table *t, struct flow *f);
void flow_unlist(struct flow_table *t, struct flow *f);
struct flow *flow_oldest(struct flow_table *t);

#endif
