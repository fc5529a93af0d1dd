/* SPDX-License-Identifier: Apache-2.0 */
/* The front's pump. One poll loop over the user's input, the monitor's socket and
 * signals.
 *
 * The socket is never waited for while writing: input is read only once all of the last
 * piece has gone out, and frames from the monitor are taken all the while. Else a
 * container that echoes could stall both sides, each with full buffers, waiting for the
 * other to read. */
#include "core/engine/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/cli/tty.h"
#include "core/engine/framesock.h"
#include "core/runtime/state.h"

#define CHUNK       16384
#define PENDING_MAX 64

struct session {
	const struct session_options *o;
	struct tty terminal;
	struct tty_keys keys;
	struct buf out; /* frames on their way to the monitor */
	struct buf in;  /* and from it */
	sigset_t old_mask;
	int signals; /* signalfd, or -1 */
	bool stdin_open, running, failed;
	int waiting[PENDING_MAX]; /* signals that came before the container ran */
	size_t waiting_len;
	int result; /* -1: not over */
};

/* --- terminal and signals -------------------------------------------------------------
 */

static void queue_size(struct session *s)
{
	uint16_t rows, cols;
	uint8_t body[4];

	if (tty_size(s->terminal.fd, &rows, &cols) < 0)
		return;
	body[0] = (uint8_t)(rows >> 8);
	body[1] = (uint8_t)rows;
	body[2] = (uint8_t)(cols >> 8);
	body[3] = (uint8_t)cols;
	frame_add(&s->out, FRAME_RESIZE, body, sizeof(body));
}

/* Which signals this front looks after, and does not die of. */
static void pick_signals(const struct session *s, sigset_t *set)
{
	static const int proxied[] = { SIGHUP,  SIGINT,  SIGQUIT,   SIGTERM, SIGUSR1,
				       SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPWR,
				       SIGIO,   SIGCONT, SIGXCPU,   SIGWINCH };
	static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	sigemptyset(set);
	for (size_t i = 0; s->o->sig_proxy && i < ARRAY_LEN(proxied); i++)
		sigaddset(set, proxied[i]);
	/* The terminal must be put right again before we go. */
	for (size_t i = 0; s->terminal.raw && i < ARRAY_LEN(fatal); i++)
		sigaddset(set, fatal[i]);
	if (s->o->tty)
		sigaddset(set, SIGWINCH);
}

static void set_up_terminal(struct session *s)
{
	sigset_t set;

	s->terminal.fd = STDIN_FILENO;
	if (s->o->tty && s->o->stdin_on)
		tty_raw(&s->terminal, STDIN_FILENO);
	if (!isatty(STDIN_FILENO))
		s->terminal.fd = STDOUT_FILENO; /* for its size only */
	pick_signals(s, &set);
	sigprocmask(SIG_BLOCK, &set, &s->old_mask);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void put_terminal_right(struct session *s)
{
	tty_restore(&s->terminal);
	s->signals = fd_close(s->signals);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

static void pass_signal(struct session *s, int signo)
{
	if (!s->o->signal)
		return;
	if (s->running)
		s->o->signal(s->o->arg, signo);
	else if (s->waiting_len < PENDING_MAX)
		s->waiting[s->waiting_len++] = signo;
}

static void hear_signals(struct session *s)
{
	struct signalfd_siginfo i;

	while (read(s->signals, &i, sizeof(i)) == (ssize_t)sizeof(i)) {
		int signo = (int)i.ssi_signo;
		if (signo == SIGWINCH && s->o->tty) {
			queue_size(s);
		} else if (s->o->sig_proxy) {
			pass_signal(s, signo);
		} else {
			put_terminal_right(s);
			raise(signo); /* by its default: the end */
		}
	}
}

/* --- the monitor's frames -------------------------------------------------------------
 */

static void now_running(struct session *s)
{
	if (s->running)
		return;
	s->running = true;
	if (s->o->tty)
		queue_size(s);
	for (size_t i = 0; i < s->waiting_len; i++)
		pass_signal(s, s->waiting[i]);
}

static int take_frame(struct session *s, const struct frame *f, struct err *e)
{
	int code;

	switch (f->stream) {
	case FRAME_STDOUT:
	case FRAME_STDERR:
		code = fd_write_all(f->stream == FRAME_STDOUT ? STDOUT_FILENO
							      : STDERR_FILENO,
				    f->payload, f->size);
		return code < 0 ? err_code(e, code, "write the container's output") : 0;
	case FRAME_STATUS:
		if (f->size == 1 && f->payload[0] == STATE_RUNNING)
			now_running(s);
		return 0;
	case FRAME_ERROR:
		s->failed = true;
		framesock_error(f, e);
		return 0;
	case FRAME_EXIT:
		code = framesock_exit_code(f);
		if (code < 0)
			return err_set(e, code, "the monitor sent a wrong frame");
		s->result = code;
		return 0;
	default:
		return 0;
	}
}

static int take_frames(struct session *s, struct err *e)
{
	int r = 0;

	while (r == 0 && s->result < 0) {
		struct frame f;
		size_t used = 0;
		int n = s->in.len ? frame_parse((const uint8_t *)s->in.data, s->in.len,
						&f, &used)
				  : 0;
		if (n < 0)
			return err_set(e, n, "the monitor sent a wrong frame");
		if (n == 0)
			return 0;
		r = take_frame(s, &f, e);
		buf_consume(&s->in, used);
	}
	return r;
}

static int hear_monitor(struct session *s, struct err *e)
{
	int r = buf_reserve(&s->in, CHUNK);

	if (r < 0)
		return err_code(e, r, "read from the container's monitor");
	ssize_t n = recv(s->o->sock, s->in.data + s->in.len, CHUNK, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 && s->failed)
		return e->code;
	if (n <= 0)
		return err_set(e, -EPIPE, "the container's monitor has died");
	s->in.len += (size_t)n;
	return take_frames(s, e);
}

static int flush(struct session *s)
{
	while (s->out.len) {
		ssize_t n = send(s->o->sock, s->out.data, s->out.len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0) {
			/* Its last words, if any, are read all the same. */
			buf_reset(&s->out);
			s->stdin_open = false;
			return 0;
		}
		buf_consume(&s->out, (size_t)n);
	}
	return 0;
}

/* --- the user's input -----------------------------------------------------------------
 */

static void hear_user(struct session *s)
{
	uint8_t chunk[CHUNK];
	autobuf passed = { 0 };
	ssize_t n = fd_read(STDIN_FILENO, chunk, sizeof(chunk));
	bool detach = false;

	if (n == -EAGAIN)
		return;
	if (n > 0 && s->keys.len)
		detach = tty_keys_feed(&s->keys, chunk, (size_t)n, &passed);
	else if (n > 0)
		buf_add(&passed, chunk, (size_t)n);
	if (passed.len)
		frame_add(&s->out, FRAME_STDIN, passed.data, passed.len);
	if (detach) {
		s->result = SESSION_DETACHED;
	} else if (n <= 0) {
		s->stdin_open = false;
		frame_add(&s->out, FRAME_STDIN, NULL, 0);
	}
}

static int step(struct session *s, struct err *e)
{
	struct pollfd p[] = {
		{ .fd = s->o->sock, .events = s->out.len ? POLLIN | POLLOUT : POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = s->stdin_open && !s->out.len ? STDIN_FILENO : -1,
		  .events = POLLIN },
	};

	if (poll(p, ARRAY_LEN(p), -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");
	if (p[1].revents)
		hear_signals(s);
	if (p[2].revents)
		hear_user(s);
	flush(s);
	return p[0].revents & ~POLLOUT ? hear_monitor(s, e) : 0;
}

static void greet(struct session *s)
{
	const struct session_options *o = s->o;
	uint8_t want = (uint8_t)((o->stdin_on ? FRAME_WANT_STDIN : 0) |
				 (o->stdout_on ? FRAME_WANT_STDOUT : 0) |
				 (o->stderr_on ? FRAME_WANT_STDERR : 0));

	frame_add(&s->out, FRAME_ATTACH, &want, 1);
	if (o->tty)
		queue_size(s);
	if (o->go)
		frame_add(&s->out, FRAME_START, NULL, 0);
	else
		s->running = true;
}

int session_run(const struct session_options *o, struct err *e)
{
	struct session s = {
		.o = o, .signals = -1, .stdin_open = o->stdin_on, .result = -1
	};
	int r = 0;

	if (o->tty && o->stdin_on && (r = tty_keys_parse(&s.keys, o->detach_keys, e)) < 0)
		return r;
	set_up_terminal(&s);
	greet(&s);
	flush(&s);
	while (r == 0 && s.result < 0)
		r = step(&s, e);
	/* What the user typed last before detaching still belongs to the container. */
	flush(&s);
	put_terminal_right(&s);
	buf_done(&s.out);
	buf_done(&s.in);
	return r < 0 ? r : s.result;
}
