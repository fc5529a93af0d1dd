/* SPDX-License-Identifier: Apache-2.0 */
/* Ports passed on by themselves. A port that we listen on ourselves for one direction is
 * left out in the other, or the two would chase each other. Datagram sockets come and go
 * with each question somebody asks, so theirs are looked up at the start only. */
#include "core/engine/autoport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/standalone.h"

#define PIECE            (64u << 10)
#define TCP_LISTEN_STATE 0x0a

static const char *const tables[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6",
				      "/proc/self/net/udp", "/proc/self/net/udp6" };

bool autoport_has(const struct autoport_set *s, uint16_t port)
{
	return s->bits[port / 8] & 1u << port % 8;
}

static void put(struct autoport_set *s, uint16_t port)
{
	s->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

static bool parse_line(const char *line, bool udp, struct autoport_set *ret)
{
	unsigned int port, far_port, state;

	if (sscanf(line, " %*u: %*32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%4x %2x", &port,
		   &far_port, &state) != 3)
		return false;
	if (!port || (udp ? far_port != 0 : state != TCP_LISTEN_STATE))
		return false;
	put(ret, (uint16_t)port);
	return true;
}

bool autoport_parse(const char *text, size_t n, bool udp, struct autoport_set *ret)
{
	const char *end = text + n;
	bool any = false;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		char line[128];
		size_t len = (size_t)((eol ? eol : end) - text);

		len = len < sizeof(line) ? len : sizeof(line) - 1;
		memcpy(line, text, len);
		line[len] = 0;
		any |= parse_line(line, udp, ret);
		text = eol ? eol + 1 : end;
	}
	return any;
}

/* --- looking --------------------------------------------------------------------------
 */

/* Of TCP's sockets those that listen come first: the others, which can be a hundred
 * thousand, are not waded through. */
static void read_table(int fd, bool udp, struct autoport_set *ret)
{
	autofree char *text = mem_alloc(PIECE);
	size_t len = 0;
	bool more = lseek(fd, 0, SEEK_SET) == 0;

	while (more) {
		ssize_t n = fd_read(fd, text + len, PIECE - len);
		const char *last;
		size_t whole;

		if (n <= 0)
			return;
		len += (size_t)n;
		last = memrchr(text, '\n', len);
		whole = last ? (size_t)(last + 1 - text) : len;
		more = autoport_parse(text, whole, udp, ret) || udp;
		len -= whole;
		memmove(text, text + whole, len);
	}
}

static void look(const struct autoports *a, bool udp, bool out, struct autoport_set *ret)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = a->tables[out][2 * (size_t)udp + i];

		if (fd > 0)
			read_table(fd, udp, ret);
	}
}

/* Ours of one direction. */
static void ours(const struct autoports *a, bool udp, bool out, struct autoport_set *ret)
{
	*ret = a->fixed[udp][out];
	for (size_t i = 0; i < a->len; i++)
		if (a->v[i].udp == udp && a->v[i].out == out)
			put(ret, a->v[i].port);
}

static struct publish map_of(const struct autoport *p)
{
	struct publish map = { .proto = p->udp ? PUBLISH_UDP : PUBLISH_TCP,
			       .host_port = p->port,
			       .host_port_end = p->port,
			       .port = p->port,
			       .outward = p->out };

	if (p->out)
		map.host_ip =
			(struct ip_addr){ .family = AF_INET, .bytes = { 127, [3] = 1 } };
	return map;
}

static void open_one(struct autoports *a, bool udp, bool out, uint16_t port)
{
	const struct autoport one = { udp, out, port };
	const struct publish map = map_of(&one);
	struct err e = { 0 };

	/* Taken, or below 1024: perhaps the next time. */
	if (a->len < AUTOPORT_MAX && hookup_publish(a->hookup, a->id, &map, &e) == 0)
		a->v[a->len++] = one;
}

static void close_gone(struct autoports *a, bool udp, bool out,
		       const struct autoport_set *there)
{
	for (size_t i = 0; i < a->len;) {
		const struct autoport *p = &a->v[i];
		const struct publish map = map_of(p);

		if (p->udp == udp && p->out == out && !autoport_has(there, p->port)) {
			hookup_withdraw(a->hookup, a->id, &map, NULL);
			a->v[i] = a->v[--a->len];
		} else {
			i++;
		}
	}
}

static void scan_one(struct autoports *a, bool udp, bool out)
{
	struct autoport_set there = { 0 }, here, there_by_us;

	look(a, udp, out, &there);
	close_gone(a, udp, out, &there);
	ours(a, udp, out, &here);
	ours(a, udp, !out, &there_by_us);
	for (uint32_t port = 1; port <= UINT16_MAX; port++) {
		uint16_t p = (uint16_t)port;

		if (autoport_has(&there, p) && !autoport_has(&here, p) &&
		    !autoport_has(&there_by_us, p))
			open_one(a, udp, out, p);
	}
}

void autoport_scan(struct autoports *a)
{
	if (a->in[0])
		scan_one(a, false, false);
	if (a->out[0])
		scan_one(a, false, true);
}

/* --- start and end --------------------------------------------------------------------
 */

static int open_table(void *arg)
{
	const char *const *path = arg;
	int fd = open(*path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* What is forwarded for TCP is for UDP too, where nothing else is said of that. */
static void add_twins(struct autoports *a, const struct standalone *s)
{
	for (size_t i = 0; i < s->ports_len; i++) {
		const struct publish *p = &s->ports[i];
		bool out = p->outward;

		if (p->proto == PUBLISH_TCP && (out ? a->out[1] : a->in[1]) &&
		    p->port == p->host_port)
			open_one(a, true, out, p->host_port);
	}
}

/* What is not to be passed on by itself. */
static void exclude(struct autoports *a, const struct standalone *s)
{
	for (int udp = 0; udp < 2; udp++) {
		for (int out = 0; out < 2; out++) {
			const struct portspec *p = s->except[udp][out];

			for (size_t i = 0; p && i < p->except_len; i++)
				for (uint32_t port = p->except[i].first;
				     port <= p->except[i].last; port++)
					put(&a->fixed[udp][out], (uint16_t)port);
		}
	}
}

bool autoport_wanted(const struct autoports *a)
{
	return a->in[0] || a->in[1] || a->out[0] || a->out[1];
}

int autoport_open(struct autoports *a, const struct standalone *s, const struct hookup *h,
		  const char *id, struct err *e)
{
	str_copy(a->id, sizeof(a->id), id);
	memcpy(a->in, s->auto_in, sizeof(a->in));
	memcpy(a->out, s->auto_out, sizeof(a->out));
	a->hookup = h;
	exclude(a, s);
	for (size_t i = 0; i < s->ports_len; i++) {
		const struct publish *p = &s->ports[i];

		put(&a->fixed[p->proto == PUBLISH_UDP][p->outward], p->host_port);
	}
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		int *in = &a->tables[false][i], *out = &a->tables[true][i];
		void *path = (void *)&tables[i];

		*in = a->in[i / 2] ? nstarget_socket(h->target, open_table, path) : 0;
		*out = a->out[i / 2] ? open_table(path) : 0;
		/* Without IPv6 there is no such table. */
		if ((*in < 0 || *out < 0) && i % 2 == 0)
			return err_code(e, *in < 0 ? *in : *out,
					"read the table of sockets");
	}
	for (int udp = 0; udp < 2; udp++)
		for (int out = 0; out < 2; out++)
			if (out ? a->out[udp] : a->in[udp])
				scan_one(a, udp, out);
	add_twins(a, s);
	return 0;
}

void autoport_done(struct autoports *a)
{
	a->len = 0;
	for (int out = 0; out < 2; out++)
		for (size_t i = 0; i < ARRAY_LEN(tables); i++)
			if (a->tables[out][i] > 0)
				a->tables[out][i] = fd_close(a->tables[out][i]);
}
