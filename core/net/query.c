/* SPDX-License-Identifier: Apache-2.0 */
/* Queries over UDP. */
#include "core/net/query.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <netinet/in.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define QUERY_BATCH 32
#define QUERY_SHARE (QUERY_MAX / 16)

static void query_reply(struct queries *qs, const struct query *q, const uint8_t *p,
			size_t n)
{
	struct wicket *g = wicket_get(qs->wickets, q->wicket, q->wicket_gen);
	socklen_t len = q->client.ss_family == AF_INET ? sizeof(struct sockaddr_in)
						       : sizeof(struct sockaddr_in6);

	if (g && n)
		sendto(g->udp[q->six], p, n, MSG_DONTWAIT,
		       (const struct sockaddr *)&q->client, len);
}

static void query_free(struct queries *qs, struct query *q)
{
	q->fd = fd_close(q->fd);
	q->gen++;
	qs->live--;
}

static void query_give_up(struct queries *qs, struct query *q)
{
	uint8_t answer[DNS_UDP_MIN];
	size_t n;

	memcpy(q->message, &q->id, 2);
	n = resolver_fail(q->message, q->len, answer, sizeof(answer));
	query_reply(qs, q, answer, n);
	query_free(qs, q);
}

/* Asks the next server that can be asked; without any left the container is told. */
static void query_ask(struct queries *qs, struct query *q)
{
	struct ref r = { .kind = REF_QUERY,
			 .gen = q->gen,
			 .index = (uint32_t)(q - qs->v) };

	while (q->tries < resolver_tries(qs->resolver)) {
		int fd = resolver_connect(qs->resolver, q->tries++, SOCK_DGRAM);

		q->fd = fd_close(q->fd);
		if (fd < 0)
			continue;
		q->fd = fd;
		q->deadline = qs->resolver->now + resolver_timeout_ms(qs->resolver);
		if (ref_add(qs->resolver->epfd, fd, EPOLLIN, r) == 0 &&
		    send(fd, q->message, q->len, 0) == q->len)
			return;
	}
	query_give_up(qs, q);
}

/* Of a table that is half full nobody gets more than a part: who asks what nobody answers
 * does not keep others from asking. */
static bool query_has_share(const struct queries *qs,
			    const struct sockaddr_storage *client)
{
	struct ip_addr who, other;
	uint16_t port;
	uint32_t n = 0;

	if (qs->live < QUERY_MAX / 2)
		return true;
	if (sockaddr_get(client, &who, &port) != 0)
		return false;
	for (uint32_t i = 0; i < qs->used; i++)
		n += qs->v[i].fd >= 0 &&
		     sockaddr_get(&qs->v[i].client, &other, &port) == 0 &&
		     ipam_addr_eq(&who, &other);
	return n < QUERY_SHARE;
}

static struct query *query_new(struct queries *qs)
{
	struct query *q = NULL;

	for (uint32_t i = 0; i < qs->used && qs->live < qs->used && !q; i++)
		if (qs->v[i].fd < 0)
			q = &qs->v[i];
	if (!q && qs->used < QUERY_MAX)
		q = &qs->v[qs->used++];
	if (q)
		qs->live++;
	return q;
}

/* Where a datagram came in. */
struct query_from {
	uint32_t wicket;
	uint16_t wicket_gen;
	uint8_t six;
	struct sockaddr_storage client;
};

static void query_start(struct queries *qs, const struct query_from *from,
			const uint8_t *p, size_t n)
{
	struct query *q = query_has_share(qs, &from->client) ? query_new(qs) : NULL;

	if (!q)
		return; /* the container asks again */
	q->fd = -1;
	q->gen++;
	q->tries = 0;
	q->failed = false;
	q->len = (uint16_t)n;
	q->six = from->six;
	q->wicket = from->wicket;
	q->wicket_gen = from->wicket_gen;
	q->client = from->client;
	memcpy(q->message, p, n);
	memcpy(&q->id, p, 2);
	id_random(q->message, 2);
	query_ask(qs, q);
}

static void query_one(struct queries *qs, struct wicket *g, const struct query_from *from,
		      const uint8_t *p, size_t n)
{
	uint8_t answer[DNS_UDP_MAX];
	struct ip_addr addr;
	uint16_t port;
	socklen_t len = from->client.ss_family == AF_INET ? sizeof(struct sockaddr_in)
							  : sizeof(struct sockaddr_in6);
	int rc;

	if (sockaddr_get(&from->client, &addr, &port) != 0)
		return;
	rc = resolver_answer(qs->resolver, &addr, p, n, answer, sizeof(answer));
	if (rc > 0)
		sendto(g->udp[from->six], answer, (size_t)rc, MSG_DONTWAIT,
		       (const struct sockaddr *)&from->client, len);
	else if (rc == 0)
		query_start(qs, from, p, n);
}

void query_receive(struct queries *qs, struct wicket *g, unsigned int six)
{
	struct query_from from = { .wicket = (uint32_t)(g - qs->wickets->v),
				   .wicket_gen = g->gen,
				   .six = (uint8_t)six };
	uint8_t p[DNS_UDP_MAX + 1];

	for (int i = 0; i < QUERY_BATCH; i++) {
		socklen_t len = sizeof(from.client);
		ssize_t n = recvfrom(g->udp[six], p, sizeof(p), MSG_DONTWAIT,
				     (struct sockaddr *)&from.client, &len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n > 0 && n <= DNS_UDP_MAX)
			query_one(qs, g, &from, p, (size_t)n);
	}
}

void query_event(struct queries *qs, uint32_t index, uint16_t gen)
{
	uint8_t *p = qs->answer;
	struct query *q;
	ssize_t n;

	if (index >= qs->used || qs->v[index].fd < 0 || qs->v[index].gen != gen)
		return;
	q = &qs->v[index];
	n = recv(q->fd, p, sizeof(qs->answer), MSG_DONTWAIT);
	if (n < 0) {
		/* Refused, unreachable: no use in waiting for the time to run out. */
		if (errno != EAGAIN)
			query_ask(qs, q);
		return;
	}
	if (!dns_matches(p, (size_t)n, q->message, q->len))
		return;
	if (resolver_goes_on(qs->resolver, q->tries, p)) {
		q->failed = true;
		query_ask(qs, q);
		return;
	}
	if (!q->failed)
		resolver_praise(qs->resolver, q->tries - 1u);
	memcpy(p, &q->id, 2);
	query_reply(qs, q, p, (size_t)n);
	query_free(qs, q);
}

void query_expire(struct queries *qs)
{
	for (uint32_t i = 0; i < qs->used && qs->live; i++)
		if (qs->v[i].fd >= 0 && qs->v[i].deadline <= qs->resolver->now)
			query_ask(qs, &qs->v[i]);
}
