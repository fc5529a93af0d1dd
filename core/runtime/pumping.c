/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of a pump. */
#include "core/runtime/pumping.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/ns/pty.h"
#include "core/runtime/state.h"

#define STALL_MS    10000
#define CLIENTS_MAX 64

/* --- clients: out --------------------------------------------------------------------
 */

void pumping_drop(struct peer *q)
{
	struct pumping *p = q->p;

	for (struct peer **at = &p->peers; *at; at = &(*at)->next) {
		if (*at == q) {
			*at = q->next;
			break;
		}
	}
	p->count--;
	if (q->io)
		loop_io_del(q->io);
	if (q->stall)
		loop_timer_del(q->stall);
	client_done(&q->c);
	free(q);
	if (p->told && !p->peers)
		loop_stop(p->loop, 0);
}

void pumping_close_stdin(struct pumping *p)
{
	if (p->in_io)
		loop_io_del(p->in_io);
	p->in_io = NULL;
	p->conf->in = fd_close(p->conf->in);
}

/* Docker's StdinOnce: the first client to leave takes stdin with it. */
static void leave(struct peer *q)
{
	struct pumping *p = q->p;
	bool had_stdin = (q->c.want & FRAME_WANT_STDIN) != 0;

	pumping_drop(q);
	if (had_stdin && p->conf->stdin_once && !p->conf->terminal && p->conf->in >= 0)
		pumping_close_stdin(p);
	pumping_hold(p);
}

static void on_stall(struct loop *l, void *arg)
{
	leave(arg);
}

static void watch(struct peer *q)
{
	uint32_t events = 0;

	/* While stdin is full a client that has input waiting is not read further. */
	if (!q->c.ended && !(q->p->in_blocked && (q->c.want & FRAME_WANT_STDIN)))
		events |= EPOLLIN;
	if (q->c.out.len > 0)
		events |= EPOLLOUT;
	loop_io_set(q->io, events);
}

void pumping_send(struct peer *q, enum frame_stream s, const void *p, size_t n)
{
	bool idle = q->c.out.len == 0;

	if (client_send(&q->c, s, p, n) < 0) {
		leave(q);
		return;
	}
	if (idle && q->c.out.len > 0) {
		if (!q->c.owner && !q->stall)
			q->stall = loop_timer_add(q->p->loop, STALL_MS, on_stall, q);
		else if (q->stall)
			loop_timer_set(q->stall, STALL_MS);
		watch(q);
	}
}

static void flush(struct peer *q)
{
	ssize_t n = client_flush(&q->c);

	if (n < 0) {
		leave(q);
		return;
	}
	if (n > 0 && q->stall)
		loop_timer_set(q->stall, STALL_MS);
	if (q->c.out.len > 0)
		return;
	if (q->stall)
		loop_timer_del(q->stall);
	q->stall = NULL;
	if (q->p->told) {
		pumping_drop(q);
		return;
	}
	watch(q);
	pumping_hold(q->p);
}

/* Reads output, or not, as clients keep up. */
void pumping_hold(struct pumping *p)
{
	bool held = false;

	for (struct peer *q = p->peers; q; q = q->next)
		held |= q->c.out.len > 0;
	if (held == p->held || p->draining)
		return;
	p->held = held;
	for (int i = 0; i < 2; i++) {
		if (p->out_io[i])
			loop_io_set(p->out_io[i], held ? 0 : EPOLLIN);
	}
}

/* --- clients: in ---------------------------------------------------------------------
 */

void pumping_block_stdin(struct pumping *p, bool blocked)
{
	p->in_blocked = blocked;
	if (p->in_io)
		loop_io_set(p->in_io, blocked ? EPOLLOUT : 0);
	for (struct peer *q = p->peers; q; q = q->next)
		watch(q);
}

/* false: stdin is full. */
static bool feed(struct peer *q, const struct client_input *x)
{
	struct pumping *p = q->p;
	ssize_t n;

	/* What nobody reads is eaten as well. */
	n = (q->c.want & FRAME_WANT_STDIN) && p->conf->in >= 0
		    ? write(p->conf->in, x->p, x->n)
		    : (ssize_t)x->n;
	if (n > 0) {
		client_eat(&q->c, (size_t)n);
		return true;
	}
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0 && errno != EINTR)
		pumping_close_stdin(p); /* the payload has closed it */
	return true;
}

/* Handles all that is in the client's buffer; false when it left. */
static bool take(struct peer *q)
{
	struct pumping *p = q->p;
	struct client_input x;

	for (;;) {
		switch (client_next(&q->c, &x)) {
		case CLIENT_NONE:
			return true;
		case CLIENT_BAD:
			leave(q);
			return false;
		case CLIENT_INPUT:
			if (!feed(q, &x)) {
				pumping_block_stdin(p, true);
				return true;
			}
			break;
		case CLIENT_EOF:
			if (p->conf->stdin_once && !p->conf->terminal &&
			    p->conf->in >= 0 && (q->c.want & FRAME_WANT_STDIN))
				pumping_close_stdin(p);
			break;
		case CLIENT_RESIZE:
			if (p->conf->terminal && p->conf->out[0] >= 0)
				pty_resize(p->conf->out[0], x.rows, x.cols);
			break;
		case CLIENT_START:
		case CLIENT_WANT:
			break;
		}
	}
}

static void on_peer(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct peer *q = arg;
	ssize_t n;

	if (events & EPOLLOUT) {
		flush(q);
		return; /* it may be gone; the rest comes again */
	}
	n = client_fill(&q->c);
	if (n == -EAGAIN)
		return;
	if (n < 0 || (n == 0 && q->c.ended)) {
		/* A half-closed client still wants its output; a closed one shows so in
		 * the next send. */
		if (n == 0 && !(events & (EPOLLHUP | EPOLLERR)))
			watch(q);
		else
			leave(q);
		return;
	}
	take(q);
}

void pumping_on_stdin(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	struct peer *next;

	if (events & EPOLLERR) {
		pumping_close_stdin(p);
		p->in_blocked = false;
	} else {
		pumping_block_stdin(p, false);
	}
	for (struct peer *q = p->peers; q && !p->in_blocked; q = next) {
		next = q->next;
		if (take(q) && !p->in_blocked)
			watch(q);
	}
}

void pumping_add(struct pumping *p, const struct client *c)
{
	struct peer *q = mem_new(struct peer);
	uint8_t running = STATE_RUNNING;

	q->c = *c;
	q->p = p;
	q->io = loop_io_add(p->loop, c->fd, EPOLLIN, on_peer, q);
	q->next = p->peers;
	p->peers = q;
	p->count++;
	if (!q->io) {
		pumping_drop(q);
		return;
	}
	if (!c->owner)
		pumping_send(q, FRAME_STATUS, &running, 1);
	else if (take(q)) /* what came along with START */
		watch(q);
}

void pumping_on_listener(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	struct client c;
	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (sock >= 0 && p->count >= CLIENTS_MAX)
		sock = fd_close(sock);
	if (sock < 0)
		return;
	client_init(&c, sock, false);
	pumping_add(p, &c);
}
