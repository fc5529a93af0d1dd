/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a place in the table. What the containers' bridge would do is done here, on
 * loopback addresses; what is sent to them comes to the test. */
#include "core/net/tcp.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/unit/net/line.h"

#define LIMIT   32
#define KEPT    (LIMIT / 16)
#define FIRST   41000
#define WAIT_MS 10000

/* The far ends are on the host's loopback, which the containers reach by their router's
 * address. */
static const struct ip_addr router = { .family = AF_INET, .bytes = { 127, 0, 9, 6 } };
static const struct ip_addr host = { .family = AF_INET, .bytes = { 127, [3] = 1 } };

enum { A, B, C };

struct bench {
	struct tcp *t;
	int told; /* what the containers are sent */
	int live, mute, waits;
	uint16_t serves,
		silent; /* ports of a far end that answers, and of one that never does */
	uint16_t next;  /* port of the next who asks */
};

static struct ip_addr address(uint32_t who)
{
	return (struct ip_addr){ .family = AF_INET,
				 .bytes = { 127, 0, 9, (uint8_t)(10 + who) } };
}

static void settle(struct tenants *ts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct tenant *who = tenant_new(ts, 1000000);

		who->places = mem_new(struct stack_attachment);
		who->places_len = 1;
		who->places->addr = address(i);
		who->places->router = router;
		who->places->loopback = true;
		tenant_commit(ts, who);
	}
}

static int serve(const struct ip_addr *at, uint16_t *port, int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, at, *port);

	CHECK_INT(bind(fd, (struct sockaddr *)&ss, len), 0);
	CHECK_INT(listen(fd, backlog), 0);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	*port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

/* The kernel answers no SYN to a listener that has as many waiting as it takes. */
static void mute(struct bench *b)
{
	struct sockaddr_storage ss;
	socklen_t len;

	b->mute = serve(&host, &b->silent, 0);
	b->waits = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	len = sockaddr_set(&ss, &host, b->silent);
	CHECK_INT(connect(b->waits, (struct sockaddr *)&ss, len), 0);
}

static void bench_open(struct bench *b, uint32_t containers)
{
	struct tcp *t = mem_new(struct tcp);
	int pair[2];

	*b = (struct bench){ .t = t, .next = FIRST };
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			     pair),
		  0);
	b->told = pair[0];
	t->hold = mem_new(struct hold);
	t->hold->path = BRIDGE_TPROXY;
	t->hold->fd[0] = pair[1];
	t->hold->fd[1] = -1;
	t->epfd = epoll_create1(EPOLL_CLOEXEC);
	t->flows = mem_new(struct flow_table);
	flow_init(t->flows, LIMIT);
	t->tenants = mem_new(struct tenants);
	settle(t->tenants, containers);
	t->ready[0] = t->ready[1] = t->outlet[0] = t->outlet[1] = -1;
	t->now = 1000;
	spare_init(&t->spare, t->epfd);
	b->live = serve(&host, &b->serves, 4 * LIMIT);
	mute(b);
}

static void bench_close(struct bench *b)
{
	struct tcp *t = b->t;

	for (uint32_t i = 0; i < t->tenants->used; i++) {
		tcp_evict(t, i, NULL);
		CHECK_INT(t->flows->held[i], 0);
		CHECK_INT(t->flows->half.held[i], 0);
		tenant_free(t->tenants, &t->tenants->v[i]);
	}
	CHECK_INT(t->flows->live, 0);
	CHECK_INT(t->flows->room, LIMIT);
	fd_close(t->hold->fd[0]);
	fd_close(t->ready[0]);
	fd_close(t->epfd);
	fd_close(b->told);
	fd_close(b->live);
	fd_close(b->mute);
	fd_close(b->waits);
	free(t->tenants);
	free(t->flows);
	free(t->hold);
	free(t);
}

static struct flow *found(const struct bench *b, uint32_t who, uint16_t from)
{
	struct packet_path path = { address(who), router, from, b->serves };
	struct flow *f = flow_find(b->t->flows, &path);

	path.dst_port = b->silent;
	return f ? f : flow_find(b->t->flows, &path);
}

/* The stack sees a container's SYN. Whether it has a place now. */
static bool ask(struct bench *b, uint32_t who, uint16_t to)
{
	static const uint8_t head[20] = { [12] = 0x50, [13] = 0x02 };
	const struct hold_link link = { .ifindex = 1 };
	const struct packet syn = { .kind = PACKET_SYN,
				    .src = address(who),
				    .dst = router,
				    .src_port = b->next,
				    .dst_port = to,
				    .seq = 7,
				    .l4 = head,
				    .l4_len = sizeof(head) };
	const struct flow *f;

	tcp_syn(b->t, &syn, &link);
	f = found(b, who, b->next++);
	if (f)
		CHECK_INT(f->state == FLOW_CONNECTING, to == b->silent);
	return f != NULL;
}

/* How many of n it gets. */
static int ask_often(struct bench *b, uint32_t who, uint16_t to, int n)
{
	int got = 0;

	for (int i = 0; i < n; i++)
		got += ask(b, who, to);
	return got;
}

/* The port of the next connection that a container is told is refused; 0: of none. */
static uint16_t refused(struct bench *b)
{
	uint8_t p[PACKET_MAX];
	ssize_t n;

	while ((n = recv(b->told, p, sizeof(p), MSG_DONTWAIT)) > 0)
		if (n >= 40 && p[33] & 4)
			return (uint16_t)(p[22] << 8 | p[23]);
	return 0;
}

static void forget(struct bench *b)
{
	while (refused(b))
		;
	b->t->refused = 0;
}

/* One container asks where nobody answers until the table has no more for it: the other
 * connects all the same, and the oldest ones end for that, as refused. */
TEST(half_open_ones_give)
{
	struct bench b;

	bench_open(&b, 2);
	CHECK_INT(ask_often(&b, A, b.silent, 2 * LIMIT), LIMIT - KEPT);
	CHECK_INT(b.t->refused, LIMIT + KEPT);
	forget(&b);
	CHECK_INT(ask_often(&b, B, b.serves, 10), 10);
	CHECK_INT(b.t->flows->held[A], LIMIT - 10);
	CHECK_INT(b.t->flows->held[B], 10);
	for (int i = 0; i < 10 - KEPT; i++) {
		CHECK_INT(refused(&b), FIRST + i);
		CHECK(!found(&b, A, (uint16_t)(FIRST + i)));
	}
	CHECK_INT(refused(&b), 0);
	CHECK_INT(b.t->refused, 10 - KEPT);
	bench_close(&b);
}

/* Two who do this share the table. */
TEST(two_share)
{
	struct bench b;

	bench_open(&b, 2);
	ask_often(&b, A, b.silent, LIMIT);
	CHECK_INT(ask_often(&b, B, b.silent, 4 * LIMIT), LIMIT / 2);
	CHECK_INT(ask_often(&b, A, b.silent, LIMIT), 0);
	CHECK_INT(b.t->flows->half.held[A], LIMIT / 2);
	CHECK_INT(b.t->flows->half.held[B], LIMIT / 2);
	bench_close(&b);
}

/* One has as many connections as it gets: there is room for the other. */
TEST(open_ones_leave_room)
{
	struct bench b;

	bench_open(&b, 2);
	CHECK_INT(ask_often(&b, A, b.serves, 2 * LIMIT), LIMIT - KEPT);
	CHECK(b.t->reserved);
	CHECK_INT(ask_often(&b, B, b.serves, KEPT), KEPT);
	b.t->reserved = false;
	CHECK(!ask(&b, B, b.serves));
	CHECK(!b.t->reserved);
	CHECK_INT(b.t->flows->held[A], LIMIT - KEPT);
	CHECK_INT(b.t->flows->held[B], KEPT);
	bench_close(&b);
}

/* With more containers than places the last are for those that hold none. */
TEST(more_containers_than_places)
{
	struct bench b;

	bench_open(&b, LIMIT + 1);
	CHECK_INT(ask_often(&b, A, b.serves, LIMIT), LIMIT - KEPT);
	CHECK_INT(ask_often(&b, B, b.serves, 2), 1);
	CHECK_INT(ask_often(&b, C, b.serves, 2), 1);
	bench_close(&b);
}

TEST(alone_it_may_have_all)
{
	struct bench b;

	bench_open(&b, 1);
	CHECK_INT(ask_often(&b, A, b.serves, LIMIT / 2), LIMIT / 2);
	CHECK_INT(ask_often(&b, A, b.silent, LIMIT), LIMIT / 2);
	forget(&b);
	/* And gives none of its own for itself. */
	CHECK(!ask(&b, A, b.serves));
	CHECK_INT(refused(&b), b.next - 1);
	CHECK_INT(refused(&b), 0);
	CHECK_INT(b.t->refused, 1);
	CHECK(!b.t->reserved);
	bench_close(&b);
}

/* Who holds much cannot have what a neighbour with little begins; but of who holds as
 * much. */
TEST(few_are_not_for_those_with_many)
{
	struct bench b;

	bench_open(&b, 3);
	ask_often(&b, A, b.serves, LIMIT);
	CHECK_INT(ask_often(&b, B, b.silent, KEPT), KEPT);
	CHECK_INT(b.t->flows->live, LIMIT);
	CHECK(!ask(&b, A, b.serves));
	CHECK_INT(b.t->flows->held[B], KEPT);
	bench_close(&b);

	bench_open(&b, 3);
	CHECK_INT(ask_often(&b, A, b.serves, LIMIT / 2), LIMIT / 2);
	CHECK_INT(ask_often(&b, B, b.silent, LIMIT / 2), LIMIT / 2 - KEPT);
	CHECK(ask(&b, A, b.serves));
	CHECK_INT(b.t->flows->held[A], LIMIT / 2 + 1);
	bench_close(&b);
}

static bool is_reset(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, WAIT_MS) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) < 0 &&
	       errno == ECONNRESET;
}

/* A client of a published port behind which nobody answers. */
static int visit(struct bench *b, uint32_t who)
{
	int near, far;

	line_connect(&near, &far);
	relay_guard(near);
	tcp_dial(b->t, who, near, b->silent, true);
	return far;
}

TEST(visits_give_too)
{
	struct bench b;
	int far[LIMIT];

	bench_open(&b, 2);
	for (int i = 0; i < LIMIT; i++)
		far[i] = visit(&b, A);
	CHECK_INT(b.t->flows->half.held[A], LIMIT - KEPT);
	CHECK(is_reset(far[LIMIT - 1])); /* there was no place for it */
	CHECK_INT(ask_often(&b, B, b.serves, KEPT + 1), KEPT + 1);
	CHECK(is_reset(far[0]));
	CHECK_INT(recv(far[1], far, 1, MSG_DONTWAIT), -1);
	CHECK_INT(errno, EAGAIN);
	/* And those of the other get one. */
	fd_close(visit(&b, B));
	CHECK(is_reset(far[1]));
	CHECK_INT(b.t->flows->half.held[B], 1);
	bench_close(&b);
	for (int i = 0; i < LIMIT; i++)
		fd_close(far[i]);
}

/* Where the kernel accepts first. */
TEST(accepted_ones_give_too)
{
	struct bench b;
	struct sockaddr_storage ss;
	socklen_t len;
	int near[LIMIT];

	bench_open(&b, 2);
	b.t->hold->path = BRIDGE_BARE;
	b.t->outlet[0] = serve(&router, &b.silent, LIMIT);
	for (int i = 0; i < LIMIT - KEPT; i++) {
		const struct ip_addr from = address(A);

		near[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		len = sockaddr_set(&ss, &from, 0);
		CHECK_INT(bind(near[i], (struct sockaddr *)&ss, len), 0);
		len = sockaddr_set(&ss, &router, b.silent);
		CHECK_INT(connect(near[i], (struct sockaddr *)&ss, len), 0);
		tcp_accept(b.t, b.t->outlet[0]);
		CHECK_INT(b.t->flows->v[i].state, FLOW_REACHING);
		relay_guard(b.t->flows->v[i].fd[FLOW_REALM]);
	}
	CHECK_INT(ask_often(&b, B, b.serves, KEPT + 1), KEPT + 1);
	CHECK(is_reset(near[0]));
	CHECK_INT(b.t->flows->half.held[A], LIMIT - KEPT - 1);
	fd_close(b.t->outlet[0]);
	bench_close(&b);
	for (int i = 0; i < LIMIT - KEPT; i++)
		fd_close(near[i]);
}
