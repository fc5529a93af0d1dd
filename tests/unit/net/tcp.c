/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/net/ref.h"
#include "tests/unit/net/line.h"
#include "tests/unit/test.h"

#define ACK_MS  300
#define WAIT_MS 5000
#define MANY    200
#define ROUNDS  20 /* of the loop; fewer than would do one by one */
#define MUCH    40000
#define LITTLE  4096

struct bench {
	struct flow_table *flows;
	struct tcp *tcp;
};

static struct tcp *bench_open(struct bench *b, uint16_t limit)
{
	b->flows = mem_new(struct flow_table);
	b->tcp = mem_new(struct tcp);
	flow_init(b->flows, limit);
	b->tcp->flows = b->flows;
	b->tcp->epfd = epoll_create1(EPOLL_CLOEXEC);
	return b->tcp;
}

static void bench_done(struct bench *b)
{
	fd_close(b->tcp->epfd);
	free(b->tcp);
	free(b->flows);
}

static void watch(const struct tcp *t, const struct flow *f, enum flow_side side)
{
	struct ref r = { REF_FLOW, (uint8_t)side, f->gen, flow_index(t->flows, f) };

	CHECK_INT(ref_add(t->epfd, f->fd[side], EPOLLIN | EPOLLRDHUP | EPOLLET, r), 0);
}

/* Until nothing more goes, nor will after the next acknowledgement. */
static void fill(int fd)
{
	static const char bytes[4096];
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	do
		while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
			;
	while (poll(&p, 1, ACK_MS) > 0);
}

/* Does epoll tell within some time that this side has room to write? */
static bool told_of_room(const struct tcp *t, enum flow_side side)
{
	struct epoll_event ev;

	while (epoll_wait(t->epfd, &ev, 1, WAIT_MS) == 1)
		if (ref_of(ev.data.u64).side == side && (ev.events & EPOLLOUT))
			return true;
	return false;
}

/* One direction has more to do at the end of its turn, while the other meets a full sink:
 * that is watched at once, not only when the busy one comes to rest. */
TEST(full_sink_beside_a_busy_direction)
{
	autodone(bench_done) struct bench b;
	struct tcp *t = bench_open(&b, 4);
	char bytes[4096] = { 0 };
	int far[2], small = 1;
	struct epoll_event ev[4];
	struct flow *f;

	f = flow_new(t->flows, 0);
	f->state = FLOW_DIALLING;
	for (int side = 0; side < 2; side++) {
		line_connect(&f->fd[side], &far[side]);
		setsockopt(f->fd[side], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
		watch(t, f, (enum flow_side)side);
	}
	fill(f->fd[FLOW_HOST]);
	CHECK_INT(send(far[FLOW_REALM], "x", 1, MSG_NOSIGNAL), 1);
	fill(far[FLOW_HOST]);
	tcp_event(t, f, FLOW_HOST, EPOLLIN);
	tcp_event(t, f, FLOW_REALM, EPOLLIN | EPOLLOUT);
	CHECK_INT(f->state, FLOW_OPEN);
	CHECK(f->queued);
	CHECK_INT(f->due, 1 << FLOW_HOST);
	CHECK(epoll_wait(t->epfd, ev, 4, 0) >= 0);
	while (recv(far[FLOW_HOST], bytes, sizeof(bytes), 0) > 0)
		;
	CHECK(told_of_room(t, FLOW_HOST));
	relay_close(&t->relay, f, true);
	fd_close(far[0]);
	fd_close(far[1]);
}

/* However busy the loop is: the ends of connections are passed on as they come, or the
 * table would fill with those that have ended. */
TEST(ends_while_it_is_never_quiet)
{
	autodone(bench_done) struct bench b;
	struct tcp *t = bench_open(&b, MANY);
	int far[MANY][2];

	for (int i = 0; i < MANY; i++) {
		struct flow *f = flow_new(t->flows, 0);

		f->state = FLOW_OPEN;
		for (int side = 0; side < 2; side++)
			line_connect(&f->fd[side], &far[i][side]);
		fd_close(far[i][FLOW_REALM]);
		fd_close(far[i][FLOW_HOST]);
	}
	for (uint16_t i = 0; i < MANY; i++) {
		tcp_event(t, &t->flows->v[i], FLOW_REALM, EPOLLIN | EPOLLRDHUP);
		if (t->flows->v[i].state == FLOW_OPEN)
			tcp_event(t, &t->flows->v[i], FLOW_HOST, EPOLLIN | EPOLLRDHUP);
	}
	for (int i = 0; i < ROUNDS; i++)
		tcp_turn(t, false);
	CHECK_INT(t->flows->live, 0);
}

/* --- a reset behind an end ----------------------------------------------------------
 */

static bool comes(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, WAIT_MS) == 1 && (p.revents & (events | POLLERR));
}

/* All that a peer hears until it is told that there will be no more; it must be told. */
static size_t hear_out(int fd)
{
	char bytes[LITTLE];
	size_t all = 0;

	for (;;) {
		ssize_t n;

		if (!comes(fd, POLLIN)) {
			CHECK(!"it is told of the end");
			return all;
		}
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return all;
		if (n > 0)
			all += (size_t)n;
	}
}

static void say(int fd, size_t n)
{
	autofree char *bytes = mem_alloc(n + 1);
	size_t done = 0;

	memset(bytes, 'w', n);
	while (done < n && comes(fd, POLLOUT)) {
		ssize_t put = send(fd, bytes + done, n - done, MSG_NOSIGNAL);

		done += put > 0 ? (size_t)put : 0;
	}
	CHECK_INT(done, n);
}

enum when { AT_ONCE, WHILE_LATE, AFTERWARDS }; /* the reset comes */

/* One side says so much, ends and is then reset; the loop is never quiet. */
static void end_and_reset(enum flow_side side, size_t said, enum when when)
{
	autodone(bench_done) struct bench b;
	struct tcp *t = bench_open(&b, 4);
	struct flow *f;
	int far[2], size = LITTLE;

	f = flow_new(t->flows, 0);
	f->state = FLOW_OPEN;
	for (int i = 0; i < 2; i++) {
		line_connect(&f->fd[i], &far[i]);
		relay_guard(f->fd[i]);
		watch(t, f, (enum flow_side)i);
	}
	/* Of much the other hears but the beginning until it reads on. */
	setsockopt(far[!side], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	size = 4 * MUCH;
	setsockopt(f->fd[!side], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	say(far[side], said);
	shutdown(far[side], SHUT_WR);
	CHECK(comes(f->fd[side], POLLRDHUP));
	if (when != AT_ONCE) {
		tcp_event(t, f, side, EPOLLIN | EPOLLRDHUP);
		CHECK(f->ended[side] && !f->shut[side]);
		CHECK(flow_waiting(t->flows, FLOW_LATE));
	}
	for (int i = 0; when == AFTERWARDS && i < ROUNDS; i++)
		tcp_turn(t, false);
	relay_guard(far[side]);
	fd_close(far[side]);
	CHECK(comes(f->fd[side], POLLHUP));
	tcp_event(t, f, side, EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
	for (int i = 0; i < ROUNDS; i++)
		tcp_turn(t, false);
	CHECK_INT(t->flows->live, 0);
	CHECK(!flow_waiting(t->flows, FLOW_LATE) && !flow_waiting(t->flows, FLOW_SOON));
	CHECK_INT(hear_out(far[!side]), said);
	fd_close(far[!side]);
}

/* The end may still wait for its turn when the reset comes: the other side is told all
 * that was said, and of an end; and no place is kept. */
TEST(reset_behind_an_end)
{
	static const size_t said[] = { 0, 6, MUCH };

	for (int when = AT_ONCE; when <= AFTERWARDS; when++)
		for (int side = 0; side < 2; side++)
			for (size_t i = 0; i < ARRAY_LEN(said); i++)
				end_and_reset((enum flow_side)side, said[i],
					      (enum when)when);
}
