/* SPDX-License-Identifier: Apache-2.0 */
/* The ACK that ends a handshake with the far end waits for the container's first word
 * (tcp_host.c), but not for long. A container's connection out, whole: what its bridge
 * and its namespace would do is done here, on loopback addresses.
 *
 * Left alone, the kernel sends that ACK after some 200 ms: that the far end hears of the
 * connection at last tells nothing. So the rounds of the loop are counted, by a clock of
 * the test's own. */
#include "core/net/tcp.h"

#include <linux/tcp.h> /* glibc's own struct tcp_info ends too early */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"
#include "tests/unit/test.h"

#define WAIT_MS  10000
#define BOUND_MS 2
#define LONG_MS  50 /* of the test's clock */
#define FIRST    40000
#define MANY     (TCP_DELACKS_MAX + 1)

/* The far end is on the host's loopback, which the container reaches by its router's
 * address; there our transparent listener waits for what is offered. */
static const struct ip_addr container = { .family = AF_INET, .bytes = { 127, 0, 8, 5 } };
static const struct ip_addr router = { .family = AF_INET, .bytes = { 127, 0, 8, 6 } };
static const struct ip_addr host = { .family = AF_INET, .bytes = { 127, [3] = 1 } };

struct bench {
	struct tcp *t;
	int far; /* listener */
	uint16_t port;
};

static int serve(const struct ip_addr *at, uint16_t *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, at, *port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	CHECK_INT(bind(fd, (struct sockaddr *)&ss, len), 0);
	CHECK_INT(listen(fd, 2 * MANY), 0);
	CHECK_INT(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	*port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

static struct tenants *settle(void)
{
	struct tenants *ts = mem_new(struct tenants);
	struct tenant *who = tenant_new(ts, 1000000);

	who->places = mem_new(struct stack_attachment);
	who->places_len = 1;
	who->places->addr = container;
	who->places->router = router;
	who->places->loopback = true;
	tenant_commit(ts, who);
	return ts;
}

static void bench_open(struct bench *b)
{
	struct tcp *t = b->t = mem_new(struct tcp);

	t->epfd = epoll_create1(EPOLL_CLOEXEC);
	t->flows = mem_new(struct flow_table);
	flow_init(t->flows, 2 * MANY);
	t->hold = mem_new(struct hold);
	t->hold->path = BRIDGE_TPROXY;
	t->hold->fd[0] = t->hold->fd[1] = -1;
	t->tenants = settle();
	t->relay.limit = MANY;
	t->ready[0] = t->ready[1] = t->outlet[1] = -1;
	t->now = 1000;
	spare_init(&t->spare, t->epfd);
	b->port = 0;
	b->far = serve(&host, &b->port);
	t->outlet[0] = serve(&router, &b->port);
}

static void bench_close(struct bench *b)
{
	struct tcp *t = b->t;

	tcp_evict(t, 0, &container);
	CHECK_INT(t->flows->live, 0);
	tenant_free(t->tenants, &t->tenants->v[0]);
	fd_close(t->outlet[0]);
	fd_close(t->ready[0]);
	fd_close(b->far);
	fd_close(t->epfd);
	free(t->tenants);
	free(t->flows);
	free(t->hold);
	free(t);
}

static void serve_event(struct bench *b)
{
	struct epoll_event ev;
	struct ref r;
	struct flow *f;

	CHECK_INT(epoll_wait(b->t->epfd, &ev, 1, WAIT_MS), 1);
	r = ref_of(ev.data.u64);
	f = flow_get(b->t->flows, r.index, r.gen);
	if (f)
		tcp_event(b->t, f, (enum flow_side)r.side, ev.events);
}

/* The stack sees a container's SYN from that port. */
static struct flow *ask(struct bench *b, uint16_t from)
{
	static const uint8_t head[20] = { [12] = 0x50, [13] = 0x02 };
	const struct hold_link link = { .ifindex = 1 };
	const struct packet syn = { .kind = PACKET_SYN,
				    .src = container,
				    .dst = router,
				    .src_port = from,
				    .dst_port = b->port,
				    .seq = 7,
				    .l4 = head,
				    .l4_len = sizeof(head) };
	const struct packet_path path = { container, router, from, b->port };
	struct flow *f;

	tcp_syn(b->t, &syn, &link);
	f = flow_find(b->t->flows, &path);
	CHECK(f != NULL);
	/* The far end is near, and has mostly answered by now. */
	for (int i = 0; i < MANY && f->state == FLOW_CONNECTING; i++)
		serve_event(b);
	CHECK_INT(f->state, FLOW_OFFERED);
	return f;
}

static bool waits(const struct bench *b, const struct flow *f)
{
	for (unsigned int i = 0; i < b->t->delacks_len; i++)
		if (b->t->delacks[i].index == flow_index(b->t->flows, f))
			return true;
	return false;
}

/* Our SYN and our ACK. */
static bool is_sent(const struct flow *f)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK_INT(getsockopt(f->fd[FLOW_HOST], IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_segs_out >= 2;
}

static bool done(const struct bench *b, const struct flow *f)
{
	return !waits(b, f) && is_sent(f);
}

static int comes(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	CHECK_INT(poll(&p, 1, WAIT_MS), 1);
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static bool has_come(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void hear(int fd, const char *want)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char text[16] = "";

	CHECK_INT(poll(&p, 1, WAIT_MS), 1);
	CHECK_INT(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), strlen(want));
	CHECK_STR(text, want);
}

/* What the container does when its SYN is let through. */
static int take_up(struct bench *b, uint16_t from)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &container, from);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	CHECK_INT(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = sockaddr_set(&ss, &router, b->port);
	CHECK_INT(connect(fd, (struct sockaddr *)&ss, len), 0);
	tcp_accept(b->t, b->t->outlet[0]);
	return fd;
}

/* Rounds of a loop that is never quiet, a millisecond each. */
static void go_round(struct bench *b, int ms)
{
	for (int i = 0; i < ms; i++) {
		b->t->now++;
		tcp_turn(b->t, false);
	}
}

/* A far end that only accepts hears of it, however busy the stack is. */
TEST(bound_of_the_delay)
{
	struct bench b;
	struct flow *f;

	bench_open(&b);
	f = ask(&b, FIRST);
	CHECK(waits(&b, f));
	for (int i = 0; i < LONG_MS; i++)
		tcp_turn(b.t, false);
	CHECK(waits(&b, f));
	go_round(&b, BOUND_MS - 1);
	CHECK(waits(&b, f));
	go_round(&b, 1);
	CHECK(done(&b, f));
	fd_close(comes(b.far));
	bench_close(&b);
}

/* The first counts: those that come meanwhile do not put it off. */
TEST(later_ones_do_not_put_it_off)
{
	struct bench b;
	struct flow *f;

	bench_open(&b);
	f = ask(&b, FIRST);
	for (uint16_t i = 1; i <= BOUND_MS; i++) {
		go_round(&b, 1);
		ask(&b, FIRST + i);
	}
	go_round(&b, 1);
	CHECK(done(&b, f));
	bench_close(&b);
}

/* More than there is room to remember. */
TEST(many_at_once)
{
	struct bench b;
	struct flow *f[MANY];

	bench_open(&b);
	for (uint16_t i = 0; i < MANY; i++)
		f[i] = ask(&b, FIRST + i);
	for (int i = 0; i < TCP_DELACKS_MAX; i++)
		CHECK(done(&b, f[i]));
	go_round(&b, BOUND_MS);
	CHECK(done(&b, f[TCP_DELACKS_MAX]));
	for (int i = 0; i < MANY; i++)
		fd_close(comes(b.far));
	bench_close(&b);
}

/* A far end that speaks first, before and after the container is there. */
static void greet(bool early)
{
	struct bench b;
	int far, near = -1;
	struct flow *f;

	bench_open(&b);
	f = ask(&b, FIRST);
	if (!early)
		near = take_up(&b, FIRST);
	go_round(&b, BOUND_MS);
	CHECK(done(&b, f));
	far = comes(b.far);
	CHECK_INT(send(far, "hello", 5, MSG_NOSIGNAL), 5);
	for (int i = 0; i < MANY && !(early ? f->due : has_come(near)); i++)
		serve_event(&b);
	if (early)
		near = take_up(&b, FIRST);
	CHECK_INT(f->state, FLOW_OPEN);
	hear(near, "hello");
	fd_close(near);
	fd_close(far);
	bench_close(&b);
}

TEST(far_end_speaks_first)
{
	greet(true);
	greet(false);
}

/* A request that comes before the bound does not wait for it. */
TEST(request_goes_at_once)
{
	struct bench b;
	int far, near;
	struct flow *f;

	bench_open(&b);
	f = ask(&b, FIRST);
	near = take_up(&b, FIRST);
	CHECK_INT(send(near, "ask", 3, MSG_NOSIGNAL), 3);
	tcp_event(b.t, f, FLOW_REALM, EPOLLIN);
	far = comes(b.far);
	hear(far, "ask");
	fd_close(near);
	fd_close(far);
	bench_close(&b);
}
