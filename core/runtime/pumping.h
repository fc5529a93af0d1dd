/* SPDX-License-Identifier: Apache-2.0 */
/* A pump at work: its clients, and what they do with the container's streams. */
#ifndef RUNTIME_PUMPING_H
#define RUNTIME_PUMPING_H

#include "core/base/loop.h"
#include "core/runtime/pump.h"

struct pumping;
struct peer {
	struct client c;
	struct pumping *p;
	struct loop_io *io;
	struct loop_timer *stall;
	struct peer *next;
};

struct pumping {
	struct pump *conf;
	struct loop *loop;
	struct loop_io *out_io[2], *in_io, *order_io;
	struct peer *peers;
	size_t count;
	bool held;       /* a client has output pending: nothing more is read */
	bool in_blocked; /* stdin is full */
	bool draining, told;
	struct loop_timer *reopen; /* a terminal that nobody has open */
	struct loop_timer *later;  /* a log that has entries waiting */
};

/* A client's way in, given what is known of it; out. */
void pumping_add(struct pumping *p, const struct client *c);
void pumping_drop(struct peer *q);
/* One that does not take it is gone afterwards: go by a next that was read before. */
void pumping_send(struct peer *q, enum frame_stream s, const void *p, size_t n);
/* Reads output, or not, as clients keep up. */
void pumping_hold(struct pumping *p);
void pumping_close_stdin(struct pumping *p);
/* While stdin is full, clients that have input waiting are not read further. */
void pumping_block_stdin(struct pumping *p, bool blocked);
/* Events of the loop; arg: struct pumping. */
void pumping_on_stdin(struct loop *l, int fd, uint32_t events, void *arg);
void pumping_on_listener(struct loop *l, int fd, uint32_t events, void *arg);

#endif
