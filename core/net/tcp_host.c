/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: the host's sockets of connections out.
 *
 * One is made ahead, while nobody waits for it.
 *
 * Who asks first after connecting (nearly all do) can have his request travel with the
 * ACK that ends the handshake: the far end then wakes once, for a connection that has
 * something to read, and not twice. So that ACK is delayed for the moment that the stack
 * looks for further events; when there are none, or after TCP_DELACK_MS, it is sent
 * alone, lest far ends that speak first wait for it. The kernel delays it for sockets
 * with TCP_QUICKACK 0 (tcp(7)), and from then on acknowledges at once again.
 *
 * From a peer on this host whatever is in flight is memory that one CPU has written and
 * another is yet to read. The window of megabytes that the kernel soon gives is more than
 * caches hold, and such a stream takes up to twice the CPU; far peers need it. Only a
 * socket that is told before its SYN keeps to a smaller one (the SYN says how windows are
 * scaled), so which addresses are near is learned from what was established at once. */
#include "core/net/tcp_inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define TCP_NEAR_WINDOW (1 << 20)

static int tcp_host_socket(const struct tcp *t, unsigned int six)
{
	int fd = socket(six ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return -errno;
	relay_guard(fd);
	/* Each side's own sender has decided already when to send. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
	pace_off(&t->pace, fd);
	return fd;
}

void tcp_host_stock(struct tcp *t)
{
	for (unsigned int six = 0; six < 2; six++)
		if (t->wanted & 1u << six) {
			t->ready[six] = tcp_host_socket(t, six);
			t->wanted &= (uint8_t) ~(1u << six);
		}
}

static struct ip_addr *tcp_host_near(struct tcp *t, const struct ip_addr *to)
{
	for (size_t i = 0; i < TCP_NEAR; i++)
		if (ipam_addr_eq(&t->near[i], to))
			return &t->near[i];
	return NULL;
}

int tcp_host_take(struct tcp *t, const struct ip_addr *to)
{
	unsigned int six = to->family == AF_INET6;
	int window = TCP_NEAR_WINDOW, fd = t->ready[six];

	t->ready[six] = -1;
	t->wanted |= (uint8_t)(1u << six);
	if (fd < 0)
		fd = tcp_host_socket(t, six);
	if (fd >= 0 && tcp_host_near(t, to))
		setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &window, sizeof(window));
	return fd;
}

void tcp_host_learn(struct tcp *t, const struct ip_addr *to, bool near)
{
	struct ip_addr *known = tcp_host_near(t, to);

	if (near && !known)
		t->near[t->near_next++ % TCP_NEAR] = *to;
	else if (!near && known)
		known->family = AF_UNSPEC;
}

void tcp_host_delack(struct tcp *t, struct flow *f)
{
	if (t->delacks_len == TCP_DELACKS_MAX)
		tcp_ack(t);
	if (!t->delacks_len)
		t->delacks_at = t->now;
	t->delacks[t->delacks_len++] =
		(struct tcp_delack){ flow_index(t->flows, f), f->gen };
}

void tcp_ack(struct tcp *t)
{
	int on = 1;

	for (unsigned int i = 0; i < t->delacks_len; i++) {
		struct flow *f =
			flow_get(t->flows, t->delacks[i].index, t->delacks[i].gen);

		if (f && f->fd[FLOW_HOST] >= 0)
			setsockopt(f->fd[FLOW_HOST], IPPROTO_TCP, TCP_QUICKACK, &on,
				   sizeof(on));
	}
	t->delacks_len = 0;
}
