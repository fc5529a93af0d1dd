/* SPDX-License-Identifier: Apache-2.0 */
/* Loads for the network benches and tests. usage: load VERB ADDRESS PORT [MS]
 *
 * serve: answers 64 bytes to 64 bytes, to the peer's end; on LOAD_PORTS ports, lest a
 * client's own run out.
 *
 * connects: connect + request + close, one after the other: how many a second.
 *
 * pingpong: one connection: p50 and p99 in microseconds.
 *
 * sink: datagrams received a second. flood: sends small datagrams as fast as it can.
 *
 * many: holds connections, and obeys lines on stdin: "open N" (so many more, a request
 * on each), "speak N" (a request on each Nth), "close". */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/net/sockaddr.h"

#define LOAD_SIZE    64
#define LOAD_SAMPLES 1000000
#define LOAD_BATCH   32
#define LOAD_PORTS   64

struct load {
	struct ip_addr addr;
	uint16_t port;
	sa_family_t family;
	int64_t end; /* monotonic, ns */
	double seconds;
};

static int load_fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	return 1;
}

static int load_listen(const struct load *l, int ep, uint16_t port)
{
	int s = socket(l->family, SOCK_STREAM, 0), on = 1;
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 1ull << 32 };
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &l->addr, port);

	ev.data.u64 |= (uint32_t)s;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s, (const struct sockaddr *)&ss, len) != 0 || listen(s, 4096) != 0)
		return -1;
	return epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev);
}

static void load_answer(int ep, uint64_t data)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = (int)(uint32_t)data, on = 1;
	char buf[LOAD_SIZE];

	if (data >> 32) {
		ev.data.u64 = (uint32_t)accept(fd, NULL, NULL);
		fd = (int)ev.data.u64;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	} else if (recv(fd, buf, sizeof(buf), 0) <= 0 ||
		   send(fd, buf, sizeof(buf), MSG_NOSIGNAL) < 0) {
		close(fd);
	}
}

static int load_serve(const struct load *l)
{
	int ep = epoll_create1(0);

	for (uint16_t i = 0; i < LOAD_PORTS; i++)
		if (load_listen(l, ep, (uint16_t)(l->port + i)) != 0)
			return load_fail("listen");
	printf("up\n");
	fflush(stdout);
	for (;;) {
		struct epoll_event got[64];
		int n = epoll_wait(ep, got, 64, -1);

		for (int i = 0; i < n; i++)
			load_answer(ep, got[i].data.u64);
	}
}

static int load_open(const struct load *l, int type, unsigned long i)
{
	int on = 1, s = socket(l->family, type, 0);
	struct sockaddr_storage ss;
	socklen_t len =
		sockaddr_set(&ss, &l->addr, (uint16_t)(l->port + (i % LOAD_PORTS)));

	if (s >= 0 && connect(s, (const struct sockaddr *)&ss, len) != 0) {
		close(s);
		return -1;
	}
	if (type == SOCK_STREAM)
		setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return s;
}

static int load_once(int s)
{
	char buf[LOAD_SIZE] = { 0 };

	if (send(s, buf, sizeof(buf), 0) != sizeof(buf))
		return -1;
	return recv(s, buf, sizeof(buf), MSG_WAITALL) == sizeof(buf) ? 0 : -1;
}

static int load_connects(const struct load *l)
{
	unsigned long n = 0;

	while (time_monotonic() < l->end) {
		int s = load_open(l, SOCK_STREAM, n);

		if (s < 0 || load_once(s) != 0)
			return load_fail("connect");
		close(s);
		n++;
	}
	printf("%.0f\n", (double)n / l->seconds);
	return 0;
}

static int load_by_size(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int load_pingpong(const struct load *l)
{
	uint32_t *us = mem_array(LOAD_SAMPLES, sizeof(*us));
	int s = load_open(l, SOCK_STREAM, 0);
	size_t n = 0;

	if (s < 0)
		return load_fail("connect");
	while (time_monotonic() < l->end && n < LOAD_SAMPLES) {
		int64_t t = time_monotonic();

		if (load_once(s) != 0)
			return load_fail("exchange");
		us[n++] = (uint32_t)((time_monotonic() - t) / 100);
	}
	qsort(us, n, sizeof(*us), load_by_size);
	printf("%.1f %.1f\n", us[n / 2] / 10.0, us[n * 99 / 100] / 10.0);
	free(us);
	return 0;
}

static int load_flood(const struct load *l)
{
	struct mmsghdr m[LOAD_BATCH] = { 0 };
	char buf[LOAD_SIZE] = { 0 };
	struct iovec iov = { buf, sizeof(buf) };
	int s = load_open(l, SOCK_DGRAM, 0);

	for (int i = 0; i < LOAD_BATCH; i++) {
		m[i].msg_hdr.msg_iov = &iov;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while (time_monotonic() < l->end)
		sendmmsg(s, m, LOAD_BATCH, 0);
	return 0;
}

struct load_held {
	int *fds;
	unsigned long len, opened;
};

/* As many more as are wanted; each is told by how it ended. */
static void load_many_open(const struct load *l, struct load_held *h, unsigned long n)
{
	unsigned long opened = 0, refused = 0, other = 0;
	int last = 0;

	h->fds = mem_resize(h->fds, h->len + n, sizeof(*h->fds));
	while (n--) {
		int s = load_open(l, SOCK_STREAM, h->opened++);

		if (s >= 0 && load_once(s) == 0) {
			h->fds[h->len++] = s;
			opened++;
			continue;
		}
		refused += errno == ECONNREFUSED;
		other += errno != ECONNREFUSED;
		last = errno == ECONNREFUSED ? last : errno;
		if (s >= 0)
			close(s);
	}
	printf("opened %lu refused %lu other %lu%s%s\n", opened, refused, other,
	       last ? ": " : "", last ? strerror(last) : "");
}

static void load_many_speak(const struct load_held *h, unsigned long each)
{
	unsigned long spoke = 0, silent = 0;

	for (unsigned long i = 0; each && i < h->len; i += each)
		*(load_once(h->fds[i]) == 0 ? &spoke : &silent) += 1;
	printf("spoke %lu silent %lu\n", spoke, silent);
}

static int load_many(const struct load *l)
{
	struct load_held h = { 0 };
	char line[64];
	unsigned long n;

	while (fgets(line, sizeof(line), stdin)) {
		n = strtoul(line + strcspn(line, " "), NULL, 10);
		if (str_starts(line, "open ")) {
			load_many_open(l, &h, n);
		} else if (str_starts(line, "speak ")) {
			load_many_speak(&h, n);
		} else {
			printf("closed %lu\n", h.len);
			while (h.len)
				close(h.fds[--h.len]);
		}
		fflush(stdout);
	}
	free(h.fds);
	return 0;
}

static int load_sink(const struct load *l)
{
	struct timeval wait = { .tv_usec = 200000 };
	struct mmsghdr m[LOAD_BATCH] = { 0 };
	char buf[LOAD_BATCH][2048];
	struct iovec iov[LOAD_BATCH];
	int s = socket(l->family, SOCK_DGRAM, 0), size = 1 << 22;
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_set(&ss, &l->addr, l->port);
	unsigned long n = 0;

	for (int i = 0; i < LOAD_BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (bind(s, (const struct sockaddr *)&ss, len) != 0)
		return load_fail("bind");
	printf("up\n");
	fflush(stdout);
	while (time_monotonic() < l->end) {
		int got = recvmmsg(s, m, LOAD_BATCH, MSG_WAITFORONE, NULL);

		n += got > 0 ? (unsigned long)got : 0;
	}
	printf("%.0f\n", (double)n / l->seconds);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct load *l);
	} verbs[] = { { "serve", load_serve },       { "connects", load_connects },
		      { "pingpong", load_pingpong }, { "many", load_many },
		      { "sink", load_sink },         { "flood", load_flood } };
	struct load l = { 0 };
	uint64_t port, ms = 0;

	if (argc < 4 || ipam_parse_addr(argv[2], &l.addr) != 0 ||
	    str_u64(argv[3], UINT16_MAX, &port) != 0 ||
	    (argc > 4 && str_u64(argv[4], 1000000, &ms) != 0)) {
		fprintf(stderr, "usage: load VERB ADDRESS PORT [MS]\n");
		return 2;
	}
	l.port = (uint16_t)port;
	l.family = l.addr.family;
	l.seconds = (double)ms / 1000;
	l.end = time_monotonic() + (int64_t)ms * 1000000;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_eq(argv[1], verbs[i].name))
			return verbs[i].run(&l);
	return 2;
}
