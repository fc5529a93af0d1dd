/* SPDX-License-Identifier: Apache-2.0 */
/* The pump.
 *
 * Backpressure: output is read in chunks and handed to the log and to each client. What a
 * client's socket does not take is kept, and until it is gone no more output is read: the
 * container then blocks on its pipe, as it would behind a shell's pipe. Memory is bounded
 * by a chunk for each client. The client that started the container may hold it up for as
 * long as it likes (`run … | less`); any other is dropped when it takes nothing for
 * STALL_MS, so that a forgotten attach cannot stop a service.
 *
 * End: the supervisor says drain; what the pipes hold is read to the end without
 * backpressure (it is bounded by the pipes), then clients get the exit code.
 *
 * Restarts: the supervisor keeps the container's ends of the pipes for the next run, so
 * they are the same for all runs and clients stay; only a terminal is another. */
#include "core/runtime/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/loop.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/ns/pidfd.h"
#include "core/ns/pty.h"
#include "core/runtime/fence.h"
#include "core/runtime/order.h"
#include "core/runtime/state.h"

#define CHUNK       16384
#define STALL_MS    10000
#define REOPEN_MS   100
#define CLIENTS_MAX 64

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
};

static void hold(struct pumping *p);

/* --- clients: out --------------------------------------------------------------------
 */

static void peer_free(struct peer *q)
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

static void close_stdin(struct pumping *p)
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

	peer_free(q);
	if (had_stdin && p->conf->stdin_once && !p->conf->terminal && p->conf->in >= 0)
		close_stdin(p);
	hold(p);
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

static void send_frame(struct peer *q, enum frame_stream s, const void *p, size_t n)
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
		peer_free(q);
		return;
	}
	watch(q);
	hold(q->p);
}

/* Reads output, or not, as clients keep up. */
static void hold(struct pumping *p)
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

static void block_stdin(struct pumping *p, bool blocked)
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
		close_stdin(p); /* the payload has closed it */
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
				block_stdin(p, true);
				return true;
			}
			break;
		case CLIENT_EOF:
			if (p->conf->stdin_once && !p->conf->terminal &&
			    p->conf->in >= 0 && (q->c.want & FRAME_WANT_STDIN))
				close_stdin(p);
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

static void on_stdin(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	struct peer *next;

	if (events & EPOLLERR) {
		close_stdin(p);
		p->in_blocked = false;
	} else {
		block_stdin(p, false);
	}
	for (struct peer *q = p->peers; q && !p->in_blocked; q = next) {
		next = q->next;
		if (take(q) && !p->in_blocked)
			watch(q);
	}
}

static void add_peer(struct pumping *p, const struct client *c)
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
		peer_free(q);
		return;
	}
	if (!c->owner)
		send_frame(q, FRAME_STATUS, &running, 1);
	else if (take(q)) /* what came along with START */
		watch(q);
}

static void on_listener(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	struct client c;
	int sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (sock >= 0 && p->count >= CLIENTS_MAX)
		sock = fd_close(sock);
	if (sock < 0)
		return;
	client_init(&c, sock, false);
	add_peer(p, &c);
}

/* --- output --------------------------------------------------------------------------
 */

static void spread(struct pumping *p, int stream, const char *data, size_t n)
{
	uint8_t bit = stream ? FRAME_WANT_STDERR : FRAME_WANT_STDOUT;
	struct peer *next;

	/* A full disk loses lines of the log; the container goes on. */
	if (p->conf->log)
		logfile_write(p->conf->log, stream, data, n, time_now());
	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		if (q->c.want & bit)
			send_frame(q, stream ? FRAME_STDERR : FRAME_STDOUT, data, n);
	}
}

/* One chunk; false at the end (or, non-blocking, when there is no more now). */
static bool pull(struct pumping *p, int stream)
{
	char chunk[CHUNK];
	ssize_t n = fd_read(p->conf->out[stream], chunk, sizeof(chunk));

	if (n > 0)
		spread(p, stream, chunk, (size_t)n);
	return n > 0 || n == -EINTR;
}

static void close_out(struct pumping *p, int stream)
{
	if (p->out_io[stream])
		loop_io_del(p->out_io[stream]);
	p->out_io[stream] = NULL;
	p->conf->out[stream] = fd_close(p->conf->out[stream]);
}

static void on_output(struct loop *l, int fd, uint32_t events, void *arg);

static void on_reopen(struct loop *l, void *arg)
{
	struct pumping *p = arg;

	if (p->conf->out[0] >= 0)
		p->out_io[0] = loop_io_add(l, p->conf->out[0], p->held ? 0 : EPOLLIN,
					   on_output, p);
}

static void on_output(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	int stream = fd == p->conf->out[1];

	if (pull(p, stream)) {
		hold(p);
		return;
	}
	if (!p->conf->terminal) {
		close_out(p, stream);
		return;
	}
	/* A terminal says EIO while nobody has its other side open, which may change, but
	 * there is no event for that (and EPOLLHUP would come for ever). */
	loop_io_del(p->out_io[0]);
	p->out_io[0] = NULL;
	if (p->reopen)
		loop_timer_set(p->reopen, REOPEN_MS);
	else
		p->reopen = loop_timer_add(p->loop, REOPEN_MS, on_reopen, p);
}

static void listen_to_streams(struct pumping *p)
{
	struct pump *conf = p->conf;

	for (int i = 0; i < 2; i++) {
		if (conf->out[i] < 0)
			continue;
		fd_nonblock(conf->out[i], true);
		p->out_io[i] = loop_io_add(p->loop, conf->out[i], p->held ? 0 : EPOLLIN,
					   on_output, p);
	}
	if (conf->in >= 0) {
		fd_nonblock(conf->in, true);
		p->in_io = loop_io_add(p->loop, conf->in, 0, on_stdin, p);
	}
}

/* --- the end -------------------------------------------------------------------------
 */

static void drain(struct pumping *p)
{
	p->draining = true;
	for (int i = 0; i < 2; i++) {
		while (p->conf->out[i] >= 0 && pull(p, i))
			;
		if (p->conf->out[i] >= 0)
			close_out(p, i);
	}
	if (p->conf->log) {
		logfile_finish(p->conf->log, time_now());
		logfile_done(p->conf->log);
		p->conf->log = NULL;
	}
	if (p->conf->in >= 0)
		close_stdin(p);
	order_answer(p->conf->supervisor);
}

/* The end of a run that another one follows. */
static void rest(struct pumping *p)
{
	for (int i = 0; i < 2; i++) {
		while (p->conf->out[i] >= 0 && pull(p, i))
			;
	}
	if (p->conf->terminal) {
		/* The next run has another. */
		if (p->reopen)
			loop_timer_del(p->reopen);
		p->reopen = NULL;
		if (p->conf->out[0] >= 0)
			close_out(p, 0);
		close_stdin(p);
	}
	if (p->conf->log)
		logfile_finish(p->conf->log, time_now());
	order_answer(p->conf->supervisor);
}

static void begin_again(struct pumping *p, const struct order *o)
{
	struct pump *conf = p->conf;

	if (o->process < 0)
		_exit(1);
	fd_close(conf->process);
	conf->process = o->process;
	if (!conf->terminal)
		return;
	if (conf->out[0] >= 0)
		close_out(p, 0);
	close_stdin(p);
	conf->out[0] = o->master;
	conf->in = fcntl(o->master, F_DUPFD_CLOEXEC, 3);
	listen_to_streams(p);
	block_stdin(p, false);
}

/* all: else only those who asked for no stream, and so wait for nothing else. */
static void tell_code(struct pumping *p, int exit_code, bool all)
{
	uint32_t c = (uint32_t)exit_code;
	uint8_t code[4] = { (uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8),
			    (uint8_t)c };
	struct peer *next;

	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		if (all || !q->c.want)
			send_frame(q, FRAME_EXIT, code, sizeof(code));
	}
}

static void tell(struct pumping *p, int exit_code)
{
	struct peer *next;

	tell_code(p, exit_code, true);
	p->told = true;
	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		if (q->c.out.len == 0)
			peer_free(q);
	}
	if (!p->peers)
		loop_stop(p->loop, 0);
}

static void on_order(struct loop *l, int fd, uint32_t events, void *arg)
{
	struct pumping *p = arg;
	struct order o;
	int r = order_receive(fd, &o);

	if (r == 0)
		return;
	if (r > 0 && o.kind == ORDER_DRAIN) {
		drain(p);
		return;
	}
	if (r > 0 && o.kind == ORDER_TELL) {
		tell(p, o.exit_code);
		return;
	}
	if (r > 0 && o.kind == ORDER_REST) {
		rest(p);
		return;
	}
	if (r > 0 && o.kind == ORDER_ENDED) {
		tell_code(p, o.exit_code, false);
		return;
	}
	if (r > 0 && o.kind == ORDER_AGAIN) {
		begin_again(p, &o);
		return;
	}
	/* The supervisor is gone. Once it has told the code that is as it should be;
	 * before, nobody would ever know how the payload ends: end it now, and the next
	 * command finds a container that is simply not running. */
	if (!p->told) {
		pidfd_signal(p->conf->process, SIGKILL);
		_exit(1);
	}
	loop_io_del(p->order_io);
}

/* --- start ---------------------------------------------------------------------------
 */

static void start(struct pumping *p)
{
	struct pump *conf = p->conf;

	listen_to_streams(p);
	if (conf->listener >= 0)
		loop_io_add(p->loop, conf->listener, EPOLLIN, on_listener, p);
	p->order_io = loop_io_add(p->loop, conf->supervisor, EPOLLIN, on_order, p);
	if (conf->first)
		add_peer(p, conf->first);
}

/* Started and confined while the container is being made, so that no start waits for it.
 */
static void await_payload(struct pump *conf, struct client *first)
{
	int master;

	if (order_await(conf->supervisor, first, &conf->process, &master) < 0) {
		if (conf->process >= 0)
			pidfd_signal(conf->process, SIGKILL);
		_exit(1);
	}
	if (first->fd >= 0)
		conf->first = first;
	if (conf->terminal) {
		conf->out[0] = master;
		conf->in = fcntl(master, F_DUPFD_CLOEXEC, 3);
	}
}

void pump_run(struct pump *conf)
{
	struct pumping p = { .conf = conf };
	struct client first;

	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "rootless-pump");
	p.loop = loop_new();
	/* Rather not at all than unconfined. */
	if (!p.loop || fence_pump(conf->log ? conf->log->dir : -1) < 0)
		_exit(1);
	if (conf->ahead)
		await_payload(conf, &first);
	start(&p);
	loop_run(p.loop);
	_exit(0);
}
