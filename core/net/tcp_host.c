/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: the host's sockets of connections out.
 *
 * One is made ahead, while nobody waits for it.
 *
 * Who asks first after connecting (nearly all do) can have his request travel with the
 * last word of the handshake: the far end then wakes once, for a connection that has
 * something to read, and not twice. So that word is held back for the moment that the
 * stack looks for further events; when there are none, or after TCP_HUSH_MS, it is said
 * alone, lest far ends that speak first wait for it. The kernel holds it back for sockets
 * that do not acknowledge at once (TCP_QUICKACK 0), and by saying it goes back to doing
 * so. */
#include "core/net/tcp_inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

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

int tcp_host_take(struct tcp *t, unsigned int six)
{
	int fd = t->ready[six];

	t->ready[six] = -1;
	t->wanted |= (uint8_t)(1u << six);
	return fd >= 0 ? fd : tcp_host_socket(t, six);
}

void tcp_host_hush(struct tcp *t, struct flow *f)
{
	if (t->hushed_len == TCP_HUSHED_MAX)
		tcp_rest(t);
	if (!t->hushed_len)
		t->hushed_at = t->now;
	t->hushed[t->hushed_len++] =
		(struct tcp_hushed){ flow_index(t->flows, f), f->gen };
}

void tcp_rest(struct tcp *t)
{
	int on = 1;

	for (unsigned int i = 0; i < t->hushed_len; i++) {
		struct flow *f = flow_get(t->flows, t->hushed[i].index, t->hushed[i].gen);

		if (f && f->fd[FLOW_HOST] >= 0)
			setsockopt(f->fd[FLOW_HOST], IPPROTO_TCP, TCP_QUICKACK, &on,
				   sizeof(on));
	}
	t->hushed_len = 0;
}
