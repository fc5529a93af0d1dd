/* SPDX-License-Identifier: Apache-2.0 */
/* The relay.
 *
 * Each direction: socket → pipe → socket. Events are edge-triggered, so a direction runs
 * until the kernel says EAGAIN on the side that holds it up: an empty source, or a full
 * sink (then its bytes stay in the pipe, the source is not read, and the sender's window
 * closes: that is the backpressure). An end of file is passed on by shutdown(2) once the
 * pipe is empty; the other direction goes on. Nobody waits for that as one waits for an
 * answer or a connection, so it is left until those are done (RELAY_LATE). After
 * RELAY_TURN moves a flow gives way to the others.
 *
 * Many slow readers may hold all pipes that the limit of descriptors leaves. Then a few
 * narrow ones serve all others: a direction takes from the source no more than what the
 * sink has room for, so the pipe is empty again when its turn ends. That the kernel takes
 * less than it had room for (it is short of memory) costs a narrow pipe, until the sink
 * reads on; with all of them gone so, a connection that needs one is reset. */
#include "core/net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"

#define RELAY_TURN  16
#define RELAY_CHUNK (1u << 18)
/* One slot of a pipe holds one piece of a packet, however small; so its size in pages,
 * not its bytes, bounds what a move can take. */
#define RELAY_PIPE   (1 << 20)
#define RELAY_PAGE   4096
#define RELAY_MANY   16384
#define RELAY_NARROW 16 /* pipes beyond the limit */
/* The part of a sink's buffer that a move may fill, once the sink is writable: then a
 * third of it at least is free. The rest is for the kernel's own need, which grows with
 * the pieces, of which a narrow pipe holds few. */
#define RELAY_ROOM 12

static int relay_take_pipe(struct relay *r, struct flow_pipe *ret)
{
	int fds[2], size;

	if (r->idle_len) {
		*ret = r->idle[--r->idle_len];
		return 0;
	}
	if (r->live >= r->limit + RELAY_NARROW)
		return -EMFILE;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	*ret = (struct flow_pipe){ fds[0], fds[1], 0, r->live >= r->limit };
	r->live++;
	/* Past the user's share of pipe pages it stays at its default; that is only
	 * slower. */
	size = ret->narrow ? 0 : fcntl(fds[1], F_SETPIPE_SZ, RELAY_PIPE);
	ret->slots = size > 0 ? (uint16_t)(size / RELAY_PAGE) : 0;
	return 0;
}

/* A pipe with bytes in it cannot be used again. */
static void relay_give_pipe(struct relay *r, struct flow_pipe *p, bool empty)
{
	if (p->r >= 0) {
		if (empty && !p->narrow && r->idle_len < RELAY_IDLE_MAX) {
			r->idle[r->idle_len++] = *p;
		} else {
			close(p->r);
			close(p->w);
			r->live--;
		}
	}
	*p = (struct flow_pipe){ -1, -1, 0, false };
}

/* How much the sink surely takes; 0: nothing now, and its event says when. */
static size_t relay_room(int sink)
{
	struct pollfd p = { .fd = sink, .events = POLLOUT };
	int all = INT32_MAX, size = 0;
	socklen_t len = sizeof(size);

	/* The host's sockets may be set to take less than they have room for. */
	setsockopt(sink, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &all, sizeof(all));
	/* Asked by poll(2), the kernel sees to the event. */
	if (poll(&p, 1, 0) == 0)
		return 0;
	getsockopt(sink, SOL_SOCKET, SO_SNDBUF, &size, &len);
	return size > RELAY_ROOM ? (size_t)size / RELAY_ROOM : 1;
}

/* 1: bytes came; 0: none now, or the end; -errno. */
static int relay_fill(struct relay *r, struct flow *f, enum flow_side from)
{
	size_t most = RELAY_CHUNK;
	ssize_t n;
	int rc;

	if (f->pipe[from].r < 0) {
		rc = relay_take_pipe(r, &f->pipe[from]);
		if (rc)
			return rc;
	}
	if (f->pipe[from].narrow)
		most = relay_room(f->fd[!from]);
	if (!most) {
		f->stuck |= (uint8_t)(1u << from);
		return 0;
	}
	n = splice(f->fd[from], NULL, f->pipe[from].w, NULL, most,
		   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0) {
		f->held[from] = (uint32_t)n;
		if (n > RELAY_MANY)
			r->bulk = RELAY_BULK;
		return 1;
	}
	if (n == 0)
		f->ended[from] = 1;
	else if (errno != EAGAIN)
		return -errno;
	return 0;
}

/* 1: the pipe is empty; 0: the sink is full; -errno. */
static int relay_drain(struct flow *f, enum flow_side from)
{
	while (f->held[from]) {
		ssize_t n = splice(f->pipe[from].r, NULL, f->fd[!from], NULL,
				   f->held[from], SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		f->held[from] -= (uint32_t)n;
	}
	return 1;
}

/* Passes an end of file on, once everything before it is through. */
static enum relay_result relay_finish(struct flow *f, enum flow_side from)
{
	f->shut[from] = 1;
	/* With both directions through, closing says the same. */
	if (f->shut[!from])
		return RELAY_WAIT;
	return shutdown(f->fd[!from], SHUT_WR) == 0 ? RELAY_WAIT : RELAY_RESET;
}

/* Its turn is over. A narrow pipe is not to be kept from others meanwhile. */
static enum relay_result relay_rest(struct relay *r, struct flow *f, enum flow_side from)
{
	int rc;

	if (!f->pipe[from].narrow)
		return RELAY_AGAIN;
	rc = relay_drain(f, from);
	if (rc <= 0)
		return rc ? RELAY_RESET : RELAY_WAIT;
	relay_give_pipe(r, &f->pipe[from], true);
	return RELAY_AGAIN;
}

static enum relay_result relay_direction(struct relay *r, struct flow *f,
					 enum flow_side from)
{
	bool ending = f->ending & (1u << from), dry = false;
	int rc;

	if (f->shut[from])
		return RELAY_WAIT;
	f->stuck &= (uint8_t) ~(1u << from);
	for (unsigned int i = 0; i < RELAY_TURN; i++) {
		rc = relay_drain(f, from);
		if (rc <= 0)
			return rc ? RELAY_RESET : RELAY_WAIT;
		if (f->ended[from] || dry)
			break;
		rc = relay_fill(r, f, from);
		if (rc < 0)
			return RELAY_RESET;
		if (rc == 0)
			break;
		/* Fewer bytes than the pipe has slots: it was the source that ran out,
		 * and what comes next brings its own event. Asking again would cost a
		 * call. */
		dry = !ending && f->held[from] < f->pipe[from].slots;
	}
	if (f->held[from])
		return relay_rest(r, f, from);
	relay_give_pipe(r, &f->pipe[from], true);
	return f->ended[from] ? RELAY_LATE : RELAY_WAIT;
}

enum relay_result relay_run(struct relay *r, struct flow *f, bool late)
{
	enum relay_result left = RELAY_WAIT;
	unsigned int due = f->due;

	f->due = 0;
	for (int side = 0; side < 2; side++) {
		enum relay_result rc;

		if (!(due & (1u << side)))
			continue;
		rc = relay_direction(r, f, (enum flow_side)side);
		if (rc == RELAY_LATE && late)
			rc = relay_finish(f, (enum flow_side)side);
		if (rc == RELAY_RESET) {
			/* What the side that is gone said before it went is still to be
			 * heard, as it would be without us between. */
			relay_direction(r, f, (enum flow_side) !side);
			return rc;
		}
		if (rc == RELAY_WAIT)
			continue;
		f->due |= (uint8_t)(1u << side);
		if (left != RELAY_AGAIN)
			left = rc;
	}
	if (f->shut[FLOW_HOST] && f->shut[FLOW_REALM])
		return RELAY_DONE;
	return left;
}

void relay_guard(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void relay_close(struct relay *r, struct flow *f, bool reset)
{
	const struct linger off = { 0 };

	for (int side = 0; side < 2; side++) {
		relay_give_pipe(r, &f->pipe[side], f->held[side] == 0);
		f->held[side] = 0;
		if (!reset && f->fd[side] >= 0)
			setsockopt(f->fd[side], SOL_SOCKET, SO_LINGER, &off, sizeof(off));
		f->fd[side] = fd_close(f->fd[side]);
	}
}
