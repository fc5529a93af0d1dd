/* SPDX-License-Identifier: Apache-2.0 */
/* One attach client of a monitor: frames in, frames out, with bounded memory. */
#ifndef RUNTIME_CLIENT_H
#define RUNTIME_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/wire/frame.h"

#define CLIENT_IN_MAX  4096
#define CLIENT_CONTROL 64 /* bytes of a control frame */

struct client {
	int fd;
	uint8_t want;        /* FRAME_WANT_* */
	bool owner;          /* the one that started the container */
	bool ended;          /* it will send no more */
	uint32_t stdin_left; /* bytes of the current stdin frame still to come */
	size_t in_len;
	uint8_t in[CLIENT_IN_MAX];
	struct buf out; /* what the socket did not take */
};

/* What is next in the input. */
enum client_event {
	CLIENT_NONE,   /* read more first */
	CLIENT_BAD,    /* it broke the rules */
	CLIENT_INPUT,  /* p, n: bytes for stdin */
	CLIENT_EOF,    /* end of stdin */
	CLIENT_RESIZE, /* rows, cols */
	CLIENT_START,
	CLIENT_WANT, /* want has been set */
};
struct client_input {
	const uint8_t *p;
	size_t n;
	uint16_t rows, cols;
};

void client_init(struct client *c, int fd, bool owner);
/* Reads what is there (MSG_DONTWAIT). Bytes, 0 at the end or with a full buffer and
 * nothing read (see ended), -EAGAIN, or -errno. */
ssize_t client_fill(struct client *c);
/* Looks at the next event. INPUT is consumed by client_eat(n), all others at once. */
enum client_event client_next(struct client *c, struct client_input *ret);
void client_eat(struct client *c, size_t n);
/* Sends a frame; what the socket does not take now is kept in out. -errno: it is gone. */
int client_send(struct client *c, enum frame_stream stream, const void *p, size_t n);
/* Sends of out what goes. Bytes sent, or -errno. */
ssize_t client_flush(struct client *c);
/* Tells the cause and the exit code, and waits (not for ever) until the client has left:
 * were its socket closed while it sends, it would see that instead of the cause. */
void client_fail(struct client *c, int exit_code, const struct err *e);
void client_done(struct client *c);

#endif
