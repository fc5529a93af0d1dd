/* SPDX-License-Identifier: Apache-2.0 */
/* Pings. The bridge's rules drop an echo request that is not for the gateway (else the
 * realm itself would answer for every address); the stack has a copy. */
#include "core/net/ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/border.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define PING_IDLE_MS 30000
#define PING_ID_AT   4

void ping_open(struct pings *ps)
{
	share_init(&ps->share, ps->places, PING_MAX);
}

static void ping_free(struct pings *ps, struct ping *k)
{
	share_give(&ps->share, (uint16_t)(k - ps->v));
	ps->live--;
	k->fd = fd_close(k->fd);
	k->gen++;
}

/* Tells the container why its request gets no answer: a negative errno. */
static void ping_refuse(const struct pings *ps, const struct hold_link *link,
			const struct packet_path *path, uint16_t id, int code)
{
	uint8_t quoted[PACKET_MAX], answer[PACKET_MAX];
	bool four = path->src.family == AF_INET;
	uint8_t head[8] = { four ? 8 : 128,      0, 0, 0, (uint8_t)(id >> 8),
			    (uint8_t)(id & 255), 0, 0 };
	const struct stack_attachment *place;
	struct ip_addr from = path->dst;
	size_t n = packet_write_quote(quoted, path, four ? IPPROTO_ICMP : IPPROTO_ICMPV6,
				      head, sizeof(head));

	if (tenant_find(ps->tenants, &path->src, &place)) {
		const struct ip_addr *gw = four ? &place->gateway : &place->gateway6;

		from = gw->family == AF_UNSPEC ? from : *gw;
	}
	n = packet_write_unreachable(answer, &from, quoted, n, -code);
	if (n)
		hold_send(ps->hold, link, answer, n);
}

static struct ping *ping_find(struct pings *ps, const struct packet *p)
{
	for (uint16_t i = 0; i < ps->share.used; i++) {
		struct ping *k = &ps->v[i];

		if (k->fd >= 0 && k->id == p->id && ipam_addr_eq(&k->path.src, &p->src) &&
		    ipam_addr_eq(&k->path.dst, &p->dst))
			return k;
	}
	return NULL;
}

static struct ping *ping_slot(struct pings *ps, uint32_t tenant)
{
	uint16_t due = share_due(&ps->share, tenant);

	if (due != SHARE_NONE)
		ping_free(ps, &ps->v[due]);
	return &ps->v[share_take(&ps->share, tenant)];
}

static int ping_connect(const struct ip_addr *dst)
{
	bool four = dst->family == AF_INET;
	autoclose int fd = socket(dst->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				  four ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, dst, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&ss, len) != 0)
		return -errno;
	return TAKE_FD(fd);
}

static int ping_start(struct pings *ps, const struct packet *p,
		      const struct hold_link *from, struct ping **ret)
{
	const struct stack_attachment *place;
	struct tenant *who = tenant_find(ps->tenants, &p->src, &place);
	struct ref r = { .kind = REF_PING };
	struct ip_addr to;
	struct ping *k;
	int rc, fd;

	if (!who)
		return -EACCES;
	if (place->closed & 1u << STACK_ICMP)
		return -EAGAIN; /* not even an error */
	rc = border_out(ps->tenants, place, &p->dst, 0, &to);
	fd = rc ? rc : ping_connect(&to);
	if (fd < 0)
		return fd;
	k = ping_slot(ps, tenant_index(ps->tenants, who));
	*k = (struct ping){ .fd = fd,
			    .gen = (uint16_t)(k->gen + 1),
			    .id = p->id,
			    .tenant = tenant_index(ps->tenants, who),
			    .path = { .src = p->src, .dst = p->dst },
			    .link = *from };
	ps->live++;
	r.gen = k->gen;
	r.index = (uint32_t)(k - ps->v);
	rc = ref_add(ps->epfd, fd, EPOLLIN, r);
	if (rc) {
		ping_free(ps, k);
		return rc;
	}
	*ret = k;
	return 0;
}

/* An answer goes back as its request came: what the container's links carry is known by
 * that. */
static void ping_answer(struct pings *ps, const struct hold_link *to, size_t longest,
			size_t n)
{
	if (longest && n > longest)
		hold_send_cut(ps->hold, to, ps->answer, n, longest);
	else if (n)
		hold_send(ps->hold, to, ps->answer, n);
}

/* What stands for the host's loopback is this process itself. */
static bool ping_router(struct pings *ps, const struct packet *p,
			const struct hold_link *from)
{
	struct packet_path back = { .src = p->dst, .dst = p->src };
	const struct stack_attachment *place;
	size_t n;

	if (!tenant_find(ps->tenants, &p->src, &place) ||
	    !border_stands_in(place, &p->dst))
		return false;
	n = place->closed & 1u << STACK_ICMP
		    ? 0
		    : packet_write_echo(ps->answer, &back, p->l4, p->l4_len);
	ping_answer(ps, from, p->longest, n);
	return true;
}

void ping_request(struct pings *ps, const struct packet *p, const struct hold_link *from)
{
	if (ping_router(ps, p, from))
		return;
	struct ping *k = ping_find(ps, p);
	int rc = k ? 0 : ping_start(ps, p, from, &k);

	if (!rc && send(k->fd, p->l4, p->l4_len, MSG_DONTWAIT) < 0)
		rc = -errno;
	if (!rc) {
		k->deadline = ps->now + PING_IDLE_MS;
		k->longest = p->longest;
		share_touch(&ps->share, (uint16_t)(k - ps->v));
		return;
	}
	if (rc != -EAGAIN) {
		struct packet_path path = { .src = p->src, .dst = p->dst };

		ping_refuse(ps, from, &path, p->id, rc);
	}
}

void ping_event(struct pings *ps, uint32_t index, uint16_t gen)
{
	uint8_t *message = ps->message;
	struct packet_path back;
	struct ping *k;
	ssize_t n;

	if (index >= ps->share.used || ps->v[index].fd < 0 || ps->v[index].gen != gen)
		return;
	k = &ps->v[index];
	n = recv(k->fd, message, sizeof(ps->message), MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN)
		ping_refuse(ps, &k->link, &k->path, k->id, -errno);
	if (n <= PING_ID_AT + 1)
		return;
	/* The host's socket has an id of its own. */
	message[PING_ID_AT] = (uint8_t)(k->id >> 8);
	message[PING_ID_AT + 1] = (uint8_t)k->id;
	back = (struct packet_path){ .src = k->path.dst, .dst = k->path.src };
	ping_answer(ps, &k->link, k->longest,
		    packet_write_echo(ps->answer, &back, message, (size_t)n));
}

void ping_expire(struct pings *ps)
{
	for (uint16_t i = 0; i < ps->share.used && ps->live; i++)
		if (ps->v[i].fd >= 0 && ps->v[i].deadline <= ps->now)
			ping_free(ps, &ps->v[i]);
}

void ping_evict(struct pings *ps, uint32_t tenant, const struct ip_addr *addr)
{
	for (uint16_t i = 0; i < ps->share.used; i++)
		if (ps->v[i].fd >= 0 && ps->v[i].tenant == tenant &&
		    packet_path_has(&ps->v[i].path, addr))
			ping_free(ps, &ps->v[i]);
}
