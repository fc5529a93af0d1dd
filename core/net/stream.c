/* SPDX-License-Identifier: Apache-2.0 */
/* DNS over TCP (RFC 7766). Events are edge-triggered: each state runs until the kernel
 * says EAGAIN. */
#include "core/net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define STREAM_LENGTH  2
#define STREAM_BUFFER  (STREAM_LENGTH + DNS_TCP_MAX)
#define STREAM_IDLE_MS 15000
#define STREAM_SHARE   (STREAM_MAX / 8)

enum stream_side { STREAM_CONTAINER, STREAM_RESOLVER };

static size_t stream_length(const uint8_t *p)
{
	return STREAM_LENGTH + (size_t)(p[0] << 8 | p[1]);
}

static void stream_free(struct streams *ss, struct stream *s)
{
	s->fd[0] = fd_close(s->fd[0]);
	s->fd[1] = fd_close(s->fd[1]);
	free(s->question);
	free(s->answer);
	s->question = s->answer = NULL;
	s->state = STREAM_FREE;
	s->gen++;
	ss->live--;
}

/* As with queries (query.c). */
static bool stream_has_share(const struct streams *ss, const struct ip_addr *who)
{
	uint32_t n = 0;

	if (ss->live < STREAM_MAX / 2)
		return true;
	for (uint32_t i = 0; i < ss->used; i++)
		n += ss->v[i].state != STREAM_FREE && ipam_addr_eq(&ss->v[i].from, who);
	return n < STREAM_SHARE;
}

static struct stream *stream_new(struct streams *ss)
{
	struct stream *s = NULL;
	uint16_t gen;

	for (uint32_t i = 0; i < ss->used && !s; i++)
		if (ss->v[i].state == STREAM_FREE)
			s = &ss->v[i];
	if (!s && ss->used < STREAM_MAX)
		s = &ss->v[ss->used++];
	if (!s)
		return NULL;
	gen = (uint16_t)(s->gen + 1);
	*s = (struct stream){ .state = STREAM_QUESTION, .gen = gen, .fd = { -1, -1 } };
	s->question = mem_alloc(STREAM_BUFFER);
	s->answer = mem_alloc(STREAM_BUFFER);
	ss->live++;
	return s;
}

static int stream_watch(struct streams *ss, struct stream *s, enum stream_side side)
{
	struct ref r = { REF_STREAM, (uint8_t)side, s->gen, (uint32_t)(s - ss->v) };

	return ref_add(ss->resolver->epfd, s->fd[side], EPOLLIN | EPOLLOUT | EPOLLET, r);
}

static void stream_enter(struct streams *ss, struct stream *s, enum stream_state state)
{
	s->state = (uint8_t)state;
	s->at = 0;
	s->deadline = ss->resolver->now + (state == STREAM_ASK || state == STREAM_REPLY
						   ? resolver_timeout_ms(ss->resolver)
						   : STREAM_IDLE_MS);
}

/* Moves one whole message: 1 when it is through, 0 when the kernel has no more, -errno.
 */
static int stream_read(struct stream *s, enum stream_side side, uint8_t *p)
{
	for (;;) {
		size_t want = s->at < STREAM_LENGTH ? STREAM_LENGTH : stream_length(p);
		ssize_t n;

		if (s->at == want)
			return 1;
		n = recv(s->fd[side], p + s->at, want - s->at, MSG_DONTWAIT);
		if (n <= 0)
			return n == 0 ? -EPIPE : errno == EAGAIN ? 0 : -errno;
		s->at += (size_t)n;
	}
}

static int stream_write(struct stream *s, enum stream_side side, const uint8_t *p)
{
	size_t want = stream_length(p);

	while (s->at < want) {
		ssize_t n = send(s->fd[side], p + s->at, want - s->at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		/* Not connected yet: its event is still to come. */
		if (n < 0)
			return errno == EAGAIN || errno == ENOTCONN ? 0 : -errno;
		s->at += (size_t)n;
	}
	return 1;
}

static void stream_set_answer(struct streams *ss, struct stream *s, size_t n)
{
	s->answer[0] = (uint8_t)(n >> 8);
	s->answer[1] = (uint8_t)n;
	s->fd[STREAM_RESOLVER] = fd_close(s->fd[STREAM_RESOLVER]);
	stream_enter(ss, s, STREAM_ANSWER);
}

/* Asks the next resolver; without any left the container gets the failure. */
static int stream_ask(struct streams *ss, struct stream *s)
{
	size_t n = stream_length(s->question) - STREAM_LENGTH;

	while (s->tries < resolver_tries(ss->resolver)) {
		int fd = resolver_connect(ss->resolver, s->tries++, SOCK_STREAM);

		s->fd[STREAM_RESOLVER] = fd_close(s->fd[STREAM_RESOLVER]);
		if (fd < 0)
			continue;
		s->fd[STREAM_RESOLVER] = fd;
		stream_enter(ss, s, STREAM_ASK);
		if (stream_watch(ss, s, STREAM_RESOLVER) == 0)
			return 1;
	}
	n = resolver_fail(s->question + STREAM_LENGTH, n, s->answer + STREAM_LENGTH,
			  DNS_TCP_MAX);
	if (!n)
		return -EINVAL;
	stream_set_answer(ss, s, n);
	return 1;
}

static int stream_asked(struct streams *ss, struct stream *s)
{
	int rc = resolver_answer(ss->resolver, &s->from, s->question + STREAM_LENGTH,
				 stream_length(s->question) - STREAM_LENGTH,
				 s->answer + STREAM_LENGTH, DNS_TCP_MAX);

	s->tries = 0;
	s->failed = false;
	if (rc < 0)
		return rc;
	if (rc == 0)
		return stream_ask(ss, s);
	stream_set_answer(ss, s, (size_t)rc);
	return 1;
}

static int stream_replied(struct streams *ss, struct stream *s)
{
	size_t n = stream_length(s->answer) - STREAM_LENGTH;

	if (!dns_matches(s->answer + STREAM_LENGTH, n, s->question + STREAM_LENGTH,
			 stream_length(s->question) - STREAM_LENGTH))
		return stream_ask(ss, s);
	if (resolver_goes_on(ss->resolver, s->tries, s->answer + STREAM_LENGTH)) {
		s->failed = true;
		return stream_ask(ss, s);
	}
	if (!s->failed)
		resolver_praise(ss->resolver, s->tries - 1u);
	stream_set_answer(ss, s, n);
	return 1;
}

/* One step: 1 when the next can follow, 0 to wait, -errno when the connection is over. */
static int stream_step(struct streams *ss, struct stream *s)
{
	int rc;

	switch (s->state) {
	case STREAM_QUESTION:
		rc = stream_read(s, STREAM_CONTAINER, s->question);
		return rc == 1 ? stream_asked(ss, s) : rc;
	case STREAM_ASK:
		rc = stream_write(s, STREAM_RESOLVER, s->question);
		if (rc == 1)
			stream_enter(ss, s, STREAM_REPLY);
		return rc < 0 ? stream_ask(ss, s) : rc;
	case STREAM_REPLY:
		rc = stream_read(s, STREAM_RESOLVER, s->answer);
		if (rc == 1)
			return stream_replied(ss, s);
		return rc < 0 ? stream_ask(ss, s) : rc;
	default:
		rc = stream_write(s, STREAM_CONTAINER, s->answer);
		if (rc == 1)
			stream_enter(ss, s, STREAM_QUESTION);
		return rc;
	}
}

static void stream_run(struct streams *ss, struct stream *s)
{
	int rc;

	do
		rc = stream_step(ss, s);
	while (rc == 1);
	if (rc < 0)
		stream_free(ss, s);
}

void stream_accept(struct streams *ss, const struct wicket *g, unsigned int six)
{
	struct sockaddr_storage peer;
	int fd = spare_accept(ss->spare, g->tcp[six], &peer);
	struct stream *s = NULL;
	struct ip_addr from;
	uint16_t port;

	if (fd < 0)
		return;
	if (sockaddr_get(&peer, &from, &port) == 0 && stream_has_share(ss, &from))
		s = stream_new(ss);
	if (!s) {
		fd_close(fd);
		return;
	}
	s->from = from;
	s->fd[STREAM_CONTAINER] = fd;
	stream_enter(ss, s, STREAM_QUESTION);
	if (stream_watch(ss, s, STREAM_CONTAINER) != 0)
		stream_free(ss, s);
}

void stream_event(struct streams *ss, uint32_t index, uint16_t gen)
{
	if (index < ss->used && ss->v[index].state != STREAM_FREE &&
	    ss->v[index].gen == gen)
		stream_run(ss, &ss->v[index]);
}

void stream_expire(struct streams *ss)
{
	for (uint32_t i = 0; i < ss->used && ss->live; i++) {
		struct stream *s = &ss->v[i];

		if (s->state == STREAM_FREE || s->deadline > ss->resolver->now)
			continue;
		if ((s->state == STREAM_ASK || s->state == STREAM_REPLY) &&
		    stream_ask(ss, s) == 1)
			stream_run(ss, s);
		else
			stream_free(ss, s);
	}
}
