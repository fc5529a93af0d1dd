/* SPDX-License-Identifier: Apache-2.0 */
/* Inlets: the host's listeners of published ports. */
#include "core/net/inlet.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/datagram.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define INLET_ACCEPT_MAX 64

int inlet_add(struct inlets *is, int epfd, uint32_t tenant, const struct publish *p,
	      int fd)
{
	struct inlet *i = NULL;
	struct ref r = { .kind = REF_INLET };
	struct ip_addr at;
	uint16_t port;
	int rc;

	for (uint32_t k = 0; k < is->used && !i; k++)
		if (is->v[k].fd < 0)
			i = &is->v[k];
	if (!i && is->used < INLET_MAX)
		i = &is->v[is->used++];
	if (!i) {
		fd_close(fd);
		return -ENOSPC;
	}
	*i = (struct inlet){ fd,        (uint16_t)(i->gen + 1), tenant, p->port, p->proto,
			     p->outward };
	r.gen = i->gen;
	r.index = (uint32_t)(i - is->v);
	if (p->proto == PUBLISH_UDP && sockaddr_local(fd, &at, &port) == 0)
		datagram_options(fd, at.family, false);
	if (p->proto == PUBLISH_TCP)
		relay_guard(fd);
	rc = fd_nonblock(fd, true);
	if (!rc)
		rc = ref_add(epfd, fd, EPOLLIN, r);
	if (rc)
		i->fd = fd_close(i->fd);
	return rc;
}

struct inlet *inlet_get(struct inlets *is, uint32_t index, uint16_t gen)
{
	if (index >= is->used || is->v[index].fd < 0 || is->v[index].gen != gen)
		return NULL;
	return &is->v[index];
}

void inlet_accept(struct inlet *i, struct tcp *t)
{
	for (int k = 0; k < INLET_ACCEPT_MAX; k++) {
		int fd = spare_accept(&t->spare, i->fd, NULL);

		if (fd == -EMFILE)
			continue;
		if (fd < 0)
			return;
		tcp_dial(t, i->tenant, fd, i->port, i->outward);
	}
}

/* The monitor may still hold the same socket: closing ours would leave it in the set. */
static void inlet_close(struct inlet *i, int epfd)
{
	epoll_ctl(epfd, EPOLL_CTL_DEL, i->fd, NULL);
	i->fd = fd_close(i->fd);
}

static bool inlet_is(const struct inlet *i, const struct publish *p)
{
	struct ip_addr at;
	uint16_t port;

	return i->proto == p->proto && i->port == p->port && i->outward == p->outward &&
	       sockaddr_local(i->fd, &at, &port) == 0 && port == p->host_port &&
	       (p->host_ip.family == AF_UNSPEC || ipam_addr_eq(&at, &p->host_ip));
}

unsigned int inlet_withdraw(struct inlets *is, int epfd, uint32_t tenant,
			    const struct publish *p)
{
	unsigned int n = 0;

	for (uint32_t k = 0; k < is->used; k++) {
		struct inlet *i = &is->v[k];

		if (i->fd < 0 || i->tenant != tenant || !inlet_is(i, p))
			continue;
		inlet_close(i, epfd);
		n++;
	}
	return n;
}

void inlet_evict(struct inlets *is, int epfd, uint32_t tenant)
{
	for (uint32_t k = 0; k < is->used; k++)
		if (is->v[k].fd >= 0 && is->v[k].tenant == tenant)
			inlet_close(&is->v[k], epfd);
}
