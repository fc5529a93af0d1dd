/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: connections out and in.
 *
 * Out. The bridge's rules drop a container's SYN, so that the container waits; the stack
 * has a copy (hold.c). It connects a host socket to the same destination, and only what
 * comes of that decides: refused → RST; unreachable → the ICMP error that says so; timed
 * out → nothing, and the container's own timer says the rest; established → the very same
 * SYN is sent into the realm once more, where a TPROXY rule hands it to the transparent
 * listener, whose accepted socket bears the destination's address. So a connection that
 * the container sees established is established to the far end.
 *
 * Where a SYN cannot be held (bridge.h's path BARE), and for further connections by an
 * open door, the kernel accepts first and the stack asks the host then (REACHING).
 *
 * Who gets a place in the table while there are few: tcp_place.c.
 *
 * A SYN seen again (the container's retransmission) finds its flow: CONNECTING ignores
 * it, OFFERED offers it anew.
 *
 * In. A client accepted on a published port gets a realm socket bound to the client's own
 * address and port (IP_TRANSPARENT), connected to the container. */
#include "core/net/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/bridge.h"
#include "core/net/border.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"
#include "core/net/tcp_inside.h"

#define TCP_BACKLOG    8192
#define TCP_ACCEPT_MAX 64
#define TCP_TURNS_MAX  64
#define TCP_DELAYS_MAX 16 /* rounds of the loop */
#define TCP_DELACK_MS  2  /* while the loop is never quiet */
#define TCP_SWEEP_MS   10000
/* The sockets of a stack that was killed go one after the other. */
#define TCP_BIND_TRIES 100
#define TCP_BIND_MS    10

/* Accepted sockets inherit the guard. */
static int tcp_listen(int fd, const struct ip_addr *at)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, at, BRIDGE_STACK_PORT);
	int rc = bind(fd, (struct sockaddr *)&ss, len) == 0 ? 0 : -errno;

	for (int i = 0; rc == -EADDRINUSE && i < TCP_BIND_TRIES; i++) {
		poll(NULL, 0, TCP_BIND_MS);
		rc = bind(fd, (struct sockaddr *)&ss, len) == 0 ? 0 : -errno;
	}
	relay_guard(fd);
	return rc ? rc : listen(fd, TCP_BACKLOG) == 0 ? 0 : -errno;
}

int tcp_open(struct tcp *t, struct err *e)
{
	static const struct ip_addr at[2] = {
		{ .family = AF_INET, .bytes = { 127, 0, 0, 1 } },
		{ .family = AF_INET6, .bytes = { [15] = 1 } },
	};

	spare_init(&t->spare, t->epfd);
	pace_find(&t->pace);
	t->outlet[0] = t->outlet[1] = t->ready[0] = t->ready[1] = -1;
	for (unsigned int six = 0; six < 2; six++) {
		int fd = porter_take(t->porter, six ? PORTER_TCP6 : PORTER_TCP4);
		int rc = fd < 0 ? fd : tcp_listen(fd, &at[six]);

		if (!rc)
			rc = ref_add(t->epfd, fd, EPOLLIN,
				     (struct ref){ REF_OUTLET, (uint8_t)six, 0, 0 });
		if (rc) {
			fd_close(fd);
			if (six)
				break; /* a realm without IPv6 */
			return err_code(e, rc, "listen for the containers' connections");
		}
		t->outlet[six] = fd;
	}
	return 0;
}

void tcp_end(struct tcp *t, struct flow *f, bool reset)
{
	door_leave(&t->doors, f->door);
	relay_close(&t->relay, f, reset);
	flow_free(t->flows, f);
}

void tcp_refuse(const struct tcp *t, const struct hold_link *link,
		const struct packet_path *path, uint32_t seq, int code)
{
	const struct stack_attachment *place;
	uint8_t quoted[PACKET_MAX], answer[PACKET_MAX];
	struct ip_addr from = path->dst;
	uint8_t head[8];
	size_t n;

	if (code == -ETIMEDOUT)
		return;
	if (code != -EHOSTUNREACH && code != -ENETUNREACH && code != -EACCES &&
	    code != -EPERM) {
		hold_reset(t->hold, link, path, seq);
		return;
	}
	/* An ICMP error quotes the header and the first 8 bytes: ports and number. */
	head[0] = (uint8_t)(path->src_port >> 8);
	head[1] = (uint8_t)path->src_port;
	head[2] = (uint8_t)(path->dst_port >> 8);
	head[3] = (uint8_t)path->dst_port;
	for (int i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
	n = packet_write_quote(quoted, path, IPPROTO_TCP, head, sizeof(head));
	if (tenant_find(t->tenants, &path->src, &place))
		from = from.family == AF_INET ? place->gateway : place->gateway6;
	if (from.family == AF_UNSPEC)
		from = path->dst;
	n = packet_write_unreachable(answer, &from, quoted, n, -code);
	if (n)
		hold_send(t->hold, link, answer, n);
}

/* Where the realm's path is that of doors: the flow has its own open for as long as it
 * lives. */
static int tcp_enter_door(struct tcp *t, struct flow *f)
{
	int door;

	if (t->hold->path != BRIDGE_DOORS || f->door != DOOR_NONE)
		return 0;
	door = door_enter(&t->doors, &f->path.dst, f->path.dst_port);
	if (door < 0)
		return door;
	f->door = (uint16_t)door;
	return 0;
}

static void tcp_offer(struct tcp *t, struct flow *f)
{
	if (tcp_enter_door(t, f) != 0) {
		tcp_refuse(t, &f->link, &f->path, f->seq, -ECONNREFUSED);
		tcp_end(t, f, true);
		return;
	}
	f->deadline = t->now + FLOW_OFFER_MS;
	flow_enter(t->flows, f, FLOW_OFFERED);
	flow_unlist(t->flows, f);
	flow_list(t->flows, f);
	hold_offer(t->hold, &f->path, f->syn, f->syn_len);
	t->offered |= (uint8_t)(1u << (f->path.dst.family == AF_INET6));
}

static int tcp_host_connect(struct tcp *t, struct flow *f, const struct ip_addr *to)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, to, f->path.dst_port);
	int rc;

	f->fd[FLOW_HOST] = tcp_host_take(t, to);
	if (f->fd[FLOW_HOST] < 0)
		return f->fd[FLOW_HOST];
	rc = connect(f->fd[FLOW_HOST], (struct sockaddr *)&ss, len) == 0 ? 0 : -errno;
	if (rc && rc != -EINPROGRESS)
		return rc;
	tcp_host_delack(t, f);
	/* A peer on this host has answered already; asking saves a round of the loop. */
	if (rc && connect(f->fd[FLOW_HOST], (struct sockaddr *)&ss, len) == 0)
		rc = 0;
	else if (rc && errno != EALREADY)
		return -errno;
	tcp_host_learn(t, to, rc == 0);
	/* First of all: the container goes on while the rest is done here. */
	if (rc == 0 && f->state == FLOW_CONNECTING)
		tcp_offer(t, f);
	else
		f->room |= 1u << FLOW_HOST;
	if (f->state == FLOW_FREE)
		return 0;
	if (rc) /* else it is near */
		pace_far(&t->pace, f->fd[FLOW_HOST], to);
	return tcp_watch(t, f, FLOW_HOST) == 0 ? 0 : -ENOMEM;
}

void tcp_syn(struct tcp *t, const struct packet *p, const struct hold_link *from)
{
	struct packet_path path = { p->src, p->dst, p->src_port, p->dst_port };
	const struct stack_attachment *place;
	struct tenant *who = tenant_find(t->tenants, &p->src, &place);
	struct flow *f = flow_find(t->flows, &path);
	struct ip_addr to;
	int rc;

	if (!who || place->closed & 1u << STACK_TCP)
		return;
	if (f && f->sudden) {
		f->sudden = false;
		f->seq = p->seq;
	}
	if (f && f->seq == p->seq) {
		if (f->state == FLOW_OFFERED)
			tcp_offer(t, f);
		return;
	}
	/* The container has forgotten the old connection of these ports. */
	if (f)
		tcp_end(t, f, true);
	rc = border_out(t->tenants, place, &p->dst, p->dst_port, &to);
	f = rc ? NULL : tcp_place(t, tenant_index(t->tenants, who));
	if (!f) {
		tcp_refuse(t, from, &path, p->seq, rc ? rc : -ECONNREFUSED);
		return;
	}
	flow_enter(t->flows, f, FLOW_CONNECTING);
	f->path = path;
	f->link = *from;
	f->seq = p->seq;
	f->syn_len = (uint8_t)p->l4_len;
	memcpy(f->syn, p->l4, p->l4_len);
	flow_hash(t->flows, f);
	rc = tcp_host_connect(t, f, &to);
	if (rc) {
		tcp_refuse(t, from, &path, p->seq, rc);
		tcp_end(t, f, true);
	}
}

/* Runs an open flow, and deals with what comes of it. */
static void tcp_run(struct tcp *t, struct flow *f, bool late)
{
	enum relay_result rc = relay_run(&t->relay, f, late);

	if (rc == RELAY_DONE || rc == RELAY_RESET || tcp_watch_room(t, f) != 0)
		tcp_end(t, f, rc != RELAY_DONE);
	else if (rc != RELAY_WAIT)
		flow_queue(t->flows, f, rc == RELAY_AGAIN ? FLOW_SOON : FLOW_LATE);
}

/* A container's socket that nobody offered: the host is asked now. The flow takes fd. */
static void tcp_accepted_first(struct tcp *t, int fd, const struct packet_path *path)
{
	const struct stack_attachment *place;
	struct tenant *who = tenant_find(t->tenants, &path->src, &place);
	struct flow *f = NULL;
	struct ip_addr to;

	if (who && !(place->closed & 1u << STACK_TCP) &&
	    !tenant_gateway(t->tenants, &path->dst) &&
	    border_out(t->tenants, place, &path->dst, path->dst_port, &to) == 0)
		f = tcp_place(t, tenant_index(t->tenants, who));
	if (!f) {
		fd_close(fd);
		return;
	}
	flow_enter(t->flows, f, FLOW_REACHING);
	f->sudden = true;
	f->path = *path;
	f->fd[FLOW_REALM] = fd;
	flow_hash(t->flows, f);
	if (tcp_enter_door(t, f) != 0 || tcp_watch(t, f, FLOW_REALM) != 0 ||
	    tcp_host_connect(t, f, &to) != 0)
		tcp_end(t, f, true);
}

static void tcp_accepted(struct tcp *t, int fd, const struct sockaddr_storage *peer)
{
	struct packet_path path;
	struct flow *f = NULL;

	if (sockaddr_get(peer, &path.src, &path.src_port) != 0 ||
	    sockaddr_local(fd, &path.dst, &path.dst_port) != 0) {
		fd_close(fd);
		return;
	}
	f = flow_find(t->flows, &path);
	if (!f && t->hold->path != BRIDGE_TPROXY) {
		tcp_accepted_first(t, fd, &path);
		return;
	}
	if (f && f->state == FLOW_CONNECTING) {
		f->fd[FLOW_REALM] = fd;
		flow_enter(t->flows, f, FLOW_REACHING);
		if (tcp_enter_door(t, f) != 0 || tcp_watch(t, f, FLOW_REALM) != 0)
			tcp_end(t, f, true);
		return;
	}
	/* Nobody offered it, or its offer has expired. */
	if (!f || f->state != FLOW_OFFERED) {
		fd_close(fd);
		return;
	}
	flow_unlist(t->flows, f);
	f->fd[FLOW_REALM] = fd;
	flow_enter(t->flows, f, FLOW_OPEN);
	if (tcp_watch(t, f, FLOW_REALM) != 0)
		tcp_end(t, f, true);
	else if (f->due) /* the far end has spoken first */
		tcp_run(t, f, false);
}

void tcp_accept(struct tcp *t, int listener)
{
	bool sudden = t->hold->path != BRIDGE_TPROXY;

	/* Else only what was offered can come. */
	for (int i = 0; i < TCP_ACCEPT_MAX && (!i || sudden || flow_oldest(t->flows));
	     i++) {
		struct sockaddr_storage peer;
		int fd = spare_accept(&t->spare, listener, &peer);

		if (fd == -EMFILE)
			continue;
		if (fd < 0)
			return;
		tcp_accepted(t, fd, &peer);
	}
}

static int tcp_socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -errno;
	return -error;
}

/* The host's connect has come to its end. */
static void tcp_connected(struct tcp *t, struct flow *f, uint32_t events)
{
	int rc = tcp_socket_error(f->fd[FLOW_HOST]);

	if (rc == 0 && !(events & EPOLLOUT))
		return;
	if (rc) {
		tcp_refuse(t, &f->link, &f->path, f->seq, rc);
		tcp_end(t, f, true);
		return;
	}
	tcp_offer(t, f);
}

static void tcp_reached(struct tcp *t, struct flow *f, enum flow_side side,
			uint32_t events)
{
	if (side == FLOW_REALM ? (events & (EPOLLERR | EPOLLHUP)) != 0
			       : tcp_socket_error(f->fd[FLOW_HOST]) != 0) {
		tcp_end(t, f, true);
	} else if (side == FLOW_HOST && (events & EPOLLOUT)) {
		flow_enter(t->flows, f, FLOW_OPEN);
		if (f->due)
			tcp_run(t, f, false);
	}
}

static void tcp_dialled(struct tcp *t, struct flow *f, enum flow_side side,
			uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP)) {
		tcp_end(t, f, true);
	} else if (side == FLOW_REALM && (events & EPOLLOUT)) {
		flow_enter(t->flows, f, FLOW_OPEN);
		if (f->due)
			tcp_run(t, f, false);
	}
}

static void tcp_ready(struct tcp *t, struct flow *f, enum flow_side side, uint32_t events)
{
	if ((events & EPOLLOUT) && (f->held[!side] || f->stuck & 1u << !side))
		f->due |= (uint8_t)(1u << !side);
	if (f->due)
		tcp_run(t, f, false);
	/* A reset shows in the relay only where it still reads or writes; and what was
	 * said before it is passed on first. */
	if ((events & EPOLLERR) && f->state == FLOW_OPEN &&
	    tcp_socket_error(f->fd[side]) != 0)
		tcp_end(t, f, !tcp_undelivered(f, side));
}

void tcp_event(struct tcp *t, struct flow *f, enum flow_side side, uint32_t events)
{
	/* Edge-triggered: what an event tells in any state is told once. */
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		f->due |= (uint8_t)(1u << side);
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		f->ending |= (uint8_t)(1u << side);
	switch (f->state) {
	case FLOW_CONNECTING:
		tcp_connected(t, f, events);
		break;
	case FLOW_REACHING:
		tcp_reached(t, f, side, events);
		break;
	case FLOW_OFFERED:
		/* The far end has gone before the container was there; what it said
		 * before it went is still passed on, so only a reset counts. */
		if (events & EPOLLERR)
			tcp_end(t, f, true);
		break;
	case FLOW_DIALLING:
		tcp_dialled(t, f, side, events);
		break;
	case FLOW_OPEN:
		tcp_ready(t, f, side, events);
		break;
	default:
		break;
	}
}

/* Packets between us and a container go their whole way within one system call: what was
 * offered has mostly been taken up before it returns. */
static void tcp_take_up(struct tcp *t)
{
	for (unsigned int six = 0; six < 2; six++)
		if (t->offered & 1u << six && t->hold->path == BRIDGE_TPROXY)
			tcp_accept(t, t->outlet[six]);
	t->offered = 0;
}

/* One when nothing else was to be done; and all, when that has not been for long. */
static void tcp_turn_late(struct tcp *t, bool quiet)
{
	bool all = ++t->delayed >= TCP_DELAYS_MAX;
	struct flow *f;

	if (!quiet && !all)
		return;
	t->delayed = 0;
	/* Fewer than have come since, and the table would fill with what has ended. */
	while ((f = flow_dequeue(t->flows, FLOW_LATE))) {
		tcp_run(t, f, true);
		if (!all)
			break;
	}
}

bool tcp_turn(struct tcp *t, bool quiet)
{
	struct flow *f;

	tcp_take_up(t);
	for (int i = 0; i < TCP_TURNS_MAX && (f = flow_dequeue(t->flows, FLOW_SOON)); i++)
		tcp_run(t, f, false);
	if (t->delacks_len && t->now - t->delacks_at >= TCP_DELACK_MS)
		tcp_ack(t);
	if (flow_waiting(t->flows, FLOW_LATE))
		tcp_turn_late(t, quiet);
	else if (quiet)
		tcp_host_stock(t);
	return t->wanted || flow_waiting(t->flows, FLOW_SOON) ||
	       flow_waiting(t->flows, FLOW_LATE);
}

void tcp_expire(struct tcp *t)
{
	struct flow *f;

	t->doors.now = t->now;
	door_expire(&t->doors);

	if (t->now - t->swept >= TCP_SWEEP_MS) {
		t->swept = t->now;
		tcp_probe(t);
	}
	while ((f = flow_oldest(t->flows)) && f->deadline <= t->now)
		tcp_end(t, f, true);
}

void tcp_evict(struct tcp *t, uint32_t tenant, const struct ip_addr *addr)
{
	for (uint16_t i = 0; i < t->flows->used; i++) {
		struct flow *f = &t->flows->v[i];

		if (f->state != FLOW_FREE && f->tenant == tenant &&
		    packet_path_has(&f->path, addr))
			tcp_end(t, f, true);
	}
}
