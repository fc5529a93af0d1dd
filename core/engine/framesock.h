/* SPDX-License-Identifier: Apache-2.0 */
/* Reading frames from a monitor's socket, one by one, waiting for each. */
#ifndef ENGINE_FRAMESOCK_H
#define ENGINE_FRAMESOCK_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/wire/frame.h"

struct framesock {
	int fd; /* not owned */
	struct buf in;
	size_t used; /* of the frame given last */
};

/* 1 and the frame (valid until the next call), 0 at the end, -errno. */
int framesock_next(struct framesock *f, struct frame *ret);
/* Exit code of a FRAME_EXIT; -EPROTO. */
int framesock_exit_code(const struct frame *f);
/* Stores the sentence of a FRAME_ERROR; returns its code. */
int framesock_error(const struct frame *f, struct err *e);
/* Reads on to the FRAME_EXIT: true and its code; false when the monitor died before. */
bool framesock_wait_exit(int sock, int *ret_code);
void framesock_done(struct framesock *f);

#endif
