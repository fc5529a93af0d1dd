/* SPDX-License-Identifier: Apache-2.0 */
/* The desk of a network of its own (standalone.h): the socket at which its ports are
 * asked for by `rootless port --netns`, in the runtime folder, named by the network
 * namespace. */
#ifndef ENGINE_DESK_H
#define ENGINE_DESK_H

#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/err.h"

struct desk {
	int dir; /* -1: none */
	char name[32];
};

/* Where the namespace's desk is, or would be. */
int desk_find(int net_fd, struct desk *ret, struct err *e);
/* For whoever serves the namespace: a listener, or -errno. Sockets that the dead have
 * left go meanwhile. */
int desk_listen(const struct desk *d);
/* Waits for whoever looks for the desk, or is about to open it: a lock. */
int desk_lock(const struct desk *d, struct err *e);
/* One request (hostfwd.h), a listener with it or -1. The reply goes to out. -ENOENT: no
 * desk is open; else -errno with the sentence, that of the reply included. */
int desk_ask(const struct desk *d, const char *request, int listener, struct buf *out,
	     struct err *e);
/* The same, for whoever starts anything else in the runtime folder. */
void desk_sweep(int run_fd);
void desk_done(struct desk *d);

#endif
