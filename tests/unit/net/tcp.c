/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/tcp.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
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
	autofree struct flow_table *flows = mem_new(struct flow_table);
	autofree struct tcp *t = mem_new(struct tcp);
	char bytes[4096] = { 0 };
	int far[2], small = 1;
	struct epoll_event ev[4];
	struct flow *f;

	flow_init(flows, 4);
	t->flows = flows;
	t->epfd = epoll_create1(EPOLL_CLOEXEC);
	f = flow_new(flows);
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
	fd_close(t->epfd);
}

/* However busy the loop is: the ends of connections are passed on as they come, or the
 * table would fill with those that have ended. */
TEST(ends_while_it_is_never_quiet)
{
	autofree struct flow_table *flows = mem_new(struct flow_table);
	autofree struct tcp *t = mem_new(struct tcp);
	int far[MANY][2];

	flow_init(flows, MANY);
	t->flows = flows;
	t->epfd = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < MANY; i++) {
		struct flow *f = flow_new(flows);

		f->state = FLOW_OPEN;
		for (int side = 0; side < 2; side++)
			line_connect(&f->fd[side], &far[i][side]);
		fd_close(far[i][FLOW_REALM]);
		fd_close(far[i][FLOW_HOST]);
	}
	for (uint16_t i = 0; i < MANY; i++) {
		tcp_event(t, &flows->v[i], FLOW_REALM, EPOLLIN | EPOLLRDHUP);
		if (flows->v[i].state == FLOW_OPEN)
			tcp_event(t, &flows->v[i], FLOW_HOST, EPOLLIN | EPOLLRDHUP);
	}
	for (int i = 0; i < ROUNDS; i++)
		tcp_turn(t, false);
	CHECK_INT(flows->live, 0);
	fd_close(t->epfd);
}
