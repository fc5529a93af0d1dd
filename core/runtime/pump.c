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
 * they are the same for all runs; only a terminal is another. Clients hear of the end of
 * the run that they attached to, as docker's do, and leave. */
#include "core/runtime/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/time.h"
#include "core/ns/pidfd.h"
#include "core/runtime/fence.h"
#include "core/runtime/order.h"
#include "core/runtime/pumping.h"

#define CHUNK     16384
#define REOPEN_MS 100
#define LATER_MS  50

/* --- output --------------------------------------------------------------------------
 */

/* A log that takes its entries later is asked again. */
static void flush_log(struct loop *l, void *arg)
{
	struct pumping *p = arg;

	if (!p->conf->log || !logger_flush(p->conf->log))
		return;
	if (p->later)
		loop_timer_set(p->later, LATER_MS);
	else
		p->later = loop_timer_add(l, LATER_MS, flush_log, p);
}

static void spread(struct pumping *p, int stream, const char *data, size_t n)
{
	uint8_t bit = stream ? FRAME_WANT_STDERR : FRAME_WANT_STDOUT;
	struct peer *next;

	/* A full disk loses lines of the log; the container goes on. */
	if (p->conf->log) {
		logger_write(p->conf->log, stream, data, n, time_now());
		flush_log(p->loop, p);
	}
	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		if (q->c.want & bit)
			pumping_send(q, stream ? FRAME_STDERR : FRAME_STDOUT, data, n);
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
		pumping_hold(p);
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
		p->in_io = loop_io_add(p->loop, conf->in, 0, pumping_on_stdin, p);
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
		logger_finish(p->conf->log, time_now());
		logger_done(p->conf->log);
		p->conf->log = NULL;
	}
	if (p->conf->in >= 0)
		pumping_close_stdin(p);
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
		pumping_close_stdin(p);
	}
	if (p->conf->log)
		logger_finish(p->conf->log, time_now());
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
	pumping_close_stdin(p);
	conf->out[0] = o->master;
	conf->in = fcntl(o->master, F_DUPFD_CLOEXEC, 3);
	listen_to_streams(p);
	pumping_block_stdin(p, false);
}

static void tell_code(struct pumping *p, int exit_code)
{
	uint32_t c = (uint32_t)exit_code;
	uint8_t code[4] = { (uint8_t)(c >> 24), (uint8_t)(c >> 16), (uint8_t)(c >> 8),
			    (uint8_t)c };
	struct peer *next;

	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		pumping_send(q, FRAME_EXIT, code, sizeof(code));
	}
}

static void tell(struct pumping *p, int exit_code)
{
	struct peer *next;

	tell_code(p, exit_code);
	p->told = true;
	for (struct peer *q = p->peers; q; q = next) {
		next = q->next;
		if (q->c.out.len == 0)
			pumping_drop(q);
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
		tell_code(p, o.exit_code);
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
		loop_io_add(p->loop, conf->listener, EPOLLIN, pumping_on_listener, p);
	p->order_io = loop_io_add(p->loop, conf->supervisor, EPOLLIN, on_order, p);
	if (conf->first)
		pumping_add(p, conf->first);
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
	if (!p.loop || fence_pump(conf->log ? logger_dir(conf->log) : -1) < 0)
		_exit(1);
	if (conf->ahead)
		await_payload(conf, &first);
	start(&p);
	loop_run(p.loop);
	_exit(0);
}
