/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: what epoll is asked to tell of a flow's sockets. */
#include "core/net/tcp_inside.h"

#include <errno.h>
#include <sys/epoll.h>

#include "core/net/ref.h"

#define TCP_EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* An open socket nearly always has room to write: watched from the start, that would be
 * told at once, and cost a round of the loop. */
int tcp_watch(struct tcp *t, struct flow *f, enum flow_side side)
{
	struct ref r = { REF_FLOW, (uint8_t)side, f->gen, flow_index(t->flows, f) };
	uint32_t events = TCP_EVENTS | (f->room & 1u << side ? EPOLLOUT : 0);

	return ref_add(t->epfd, f->fd[side], events, r);
}

/* What waits in the relay for a full sink; should it have room by now, the kernel tells
 * at once. */
int tcp_watch_room(struct tcp *t, struct flow *f)
{
	for (unsigned int to = 0; to < 2; to++) {
		struct ref r = { REF_FLOW, (uint8_t)to, f->gen, flow_index(t->flows, f) };

		if (f->room & 1u << to || (!f->held[!to] && !(f->stuck & 1u << !to)))
			continue;
		f->room |= (uint8_t)(1u << to);
		if (ref_set(t->epfd, f->fd[to], TCP_EVENTS | EPOLLOUT, r) != 0)
			return -ENOMEM;
	}
	return 0;
}
