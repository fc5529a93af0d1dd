/* SPDX-License-Identifier: Apache-2.0 */
/* Busy UDP flows and their rings (ring.h): of each container's port one ring, of up to
 * RING_FLOWS flows that send many small datagrams; they join it when they become busy and
 * leave it when they are no more. The porter makes the ring and changes it, in its own
 * time; until then, and where it cannot, the flow goes on by its socket.
 *
 * A ring that fills is not waited for but looked at, some times in a millisecond: who
 * floods is then spared waking the stack, datagram by datagram (in a VM that is what
 * takes longest), and the stack sends more on at a time. One in which little was found
 * some times is waited for again. */
#include "core/net/udp_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/net/ref.h"
#include "core/net/sockaddr.h"

#define UDP_RING_MS    4     /* a flow is busy when in so long there came … */
#define UDP_RING_BUSY  128   /* … so many */
#define UDP_RING_QUIET 1000  /* from one sweep to the next */
#define UDP_RING_STAY  1000  /* ms, at least */
#define UDP_RING_BAR   60000 /* ms, in which a flow asks for no other, had it none */
#define UDP_RING_SMALL (RING_LONGEST - 62)
#define UDP_RING_TURN  512 /* places, all that a ring has; then the others */
#define UDP_RING_IDLE  4   /* looks that find … */
#define UDP_RING_FEW   2   /* … not even so many */
#define UDP_HEADER     8

void udp_ring_init(struct udp *u)
{
	for (size_t i = 0; i < RING_MAX; i++)
		u->rings[i].ring.fd = -1;
	/* Linux 5.11. */
	u->looks = syscall(SYS_epoll_pwait2, -1, NULL, 0, NULL, NULL, 0) == 0 ||
		   errno != ENOSYS;
}

static void udp_ring_order(struct udp *u, struct udp_ring *r)
{
	unsigned int place = (unsigned int)(r - u->rings);

	/* Should that fail, the porter is gone, and the stack about to go. */
	porter_ring(u->porter, place, r->port, r->wire, r->len);
}

static void udp_ring_close(struct udp *u, struct udp_ring *r)
{
	/* The porter has it open still. */
	if (r->ring.fd >= 0)
		epoll_ctl(u->epfd, EPOLL_CTL_DEL, r->ring.fd, NULL);
	ring_done(&r->ring);
	r->filling = false;
	for (uint8_t i = 0; i < r->len; i++)
		u->v[r->flows[i]].ring = 0;
	r->len = 0;
	udp_ring_order(u, r);
}

void udp_ring_leave(struct udp *u, struct udp_flow *f)
{
	struct udp_ring *r = f->ring ? &u->rings[f->ring - 1] : NULL;
	uint8_t i = 0;

	if (!r)
		return;
	while (&u->v[r->flows[i]] != f)
		i++;
	f->ring = 0;
	r->len--;
	r->flows[i] = r->flows[r->len];
	r->wire[i] = r->wire[r->len];
	if (r->len)
		udp_ring_order(u, r);
	else
		udp_ring_close(u, r);
}

/* The port's, or one that nobody has. */
static struct udp_ring *udp_ring_find(struct udp *u, const char *port)
{
	struct udp_ring *found = NULL;

	for (size_t i = 0; i < RING_MAX; i++) {
		struct udp_ring *r = &u->rings[i];

		if (r->len && str_eq(r->port, port))
			return r->len < RING_FLOWS ? r : NULL;
		if (!r->len && porter_ring_idle(u->porter, i))
			found = r;
	}
	if (found)
		str_copy(found->port, sizeof(found->port), port);
	return found;
}

/* How the container's datagrams travel: from whom the realm's socket speaks to, to who it
 * bears the name of. */
static int udp_ring_wire(const struct udp_flow *f, struct packet_path *ret)
{
	struct sockaddr_storage peer, name;
	socklen_t n = sizeof(peer), m = sizeof(name);
	int fd = f->fd[UDP_REALM];

	if (getpeername(fd, (struct sockaddr *)&peer, &n) != 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &m) != 0)
		return -errno;
	if (sockaddr_get(&peer, &ret->src, &ret->src_port) != 0 ||
	    sockaddr_get(&name, &ret->dst, &ret->dst_port) != 0)
		return -EINVAL;
	return 0;
}

static void udp_ring_join(struct udp *u, struct udp_flow *f)
{
	const struct stack_attachment *at;
	struct packet_path wire;
	struct udp_ring *r;

	if (udp_ring_wire(f, &wire) != 0 || !tenant_find(u->tenants, &wire.src, &at) ||
	    !at->port[0])
		return;
	r = udp_ring_find(u, at->port);
	if (!r)
		return;
	r->flows[r->len] = (uint16_t)(f - u->v);
	r->wire[r->len++] = wire;
	f->ring = (uint8_t)(r - u->rings + 1);
	f->fresh = true;
	f->since = (uint32_t)u->now;
	udp_ring_order(u, r);
}

void udp_ring_weigh(struct udp *u, struct udp_flow *f, size_t n)
{
	uint32_t now = (uint32_t)u->now;

	if (f->ring || (int32_t)(now - f->since) < 0)
		return;
	if (now - f->since >= UDP_RING_MS) {
		f->since = now;
		f->count = 0;
	}
	f->count += n <= UDP_RING_SMALL;
	if (f->count < UDP_RING_BUSY)
		return;
	f->count = 0;
	udp_ring_join(u, f);
}

static void udp_ring_take(struct udp *u, struct udp_ring *r, int fd)
{
	struct ref ref = { .kind = REF_UDP_RING, .index = (uint32_t)(r - u->rings) };

	/* They have all left meanwhile. */
	if (!r->len || ring_open(&r->ring, fd) != 0) {
		fd_close(fd);
		if (r->len)
			udp_ring_close(u, r);
		return;
	}
	if (ref_add(u->epfd, fd, EPOLLIN, ref) != 0)
		udp_ring_close(u, r);
}

void udp_ring_news(struct udp *u)
{
	for (size_t i = 0; i < RING_MAX; i++) {
		struct porter_ring *p = &u->porter->rings[i];
		struct udp_ring *r = &u->rings[i];

		if (p->fd >= 0)
			udp_ring_take(u, r, TAKE_FD(p->fd));
		if (!p->error)
			continue;
		p->error = 0;
		for (uint8_t k = 0; k < r->len; k++)
			u->v[r->flows[k]].since = (uint32_t)u->now + UDP_RING_BAR;
		if (r->len)
			udp_ring_close(u, r);
	}
}

void udp_ring_sweep(struct udp *u)
{
	for (size_t i = 0; i < RING_MAX; i++) {
		struct udp_ring *r = &u->rings[i];

		for (uint8_t k = r->len; k-- > 0;) {
			struct udp_flow *f = &u->v[r->flows[k]];

			if ((uint32_t)u->now - f->since < UDP_RING_STAY)
				continue;
			if (f->count < UDP_RING_QUIET)
				udp_ring_leave(u, f);
			f->count = 0;
		}
	}
}

/* --- what has come ------------------------------------------------------------------ */

static struct udp_flow *udp_ring_owner(struct udp *u, const struct udp_ring *r,
				       const struct packet *p)
{
	struct packet_path path = { p->src, p->dst, p->src_port, p->dst_port };

	for (uint8_t i = 0; i < r->len; i++)
		if (packet_path_eq(&r->wire[i], &path))
			return &u->v[r->flows[i]];
	return NULL;
}

/* What came for the flow before it was of the ring waits in its socket, and goes first.
 */
static void udp_ring_drain(struct udp *u, struct udp_flow *f)
{
	while (udp_pass(u, &u->ringed, f, UDP_REALM))
		;
	f->fresh = false;
}

/* A batch of one flow: how many places it took. */
static uint32_t udp_ring_pass(struct udp *u, struct udp_ring *r)
{
	struct udp_flow *f = NULL, *of;
	uint32_t seen = 0;
	struct packet p;
	int n = 0, rc;

	while (n < DATAGRAM_BATCH && (rc = ring_peek(&r->ring, seen, &p)) != 0) {
		of = rc < 0 ? NULL : udp_ring_owner(u, r, &p);
		if (of && n && of != f)
			break;
		seen++;
		if (!of)
			continue;
		f = of;
		if (f->fresh)
			udp_ring_drain(u, f);
		datagram_put(&u->ringed, n++, p.l4 + UDP_HEADER, p.l4_len - UDP_HEADER);
	}
	if (n) {
		f->count += (uint32_t)n;
		udp_forward(u, &u->ringed, f, UDP_REALM, n);
	}
	ring_release(&r->ring, seen);
	return seen;
}

/* What is in the ring, or its turn: how many places. */
static uint32_t udp_ring_read(struct udp *u, struct udp_ring *r)
{
	uint32_t seen = 1, all = 0;

	while (all < UDP_RING_TURN && seen && r->ring.fd >= 0) {
		seen = udp_ring_pass(u, r);
		all += seen;
	}
	return all;
}

void udp_ring_before(struct udp *u, const struct udp_flow *f)
{
	/* Of what is fresh the socket's goes first, see udp_ring_drain. */
	if (f->ring && !f->fresh)
		udp_ring_read(u, &u->rings[f->ring - 1]);
}

/* From now on the ring is looked at, or waited for. */
static void udp_ring_watch(struct udp *u, struct udp_ring *r, bool filling)
{
	struct ref ref = { .kind = REF_UDP_RING, .index = (uint32_t)(r - u->rings) };

	r->filling = filling;
	r->idle = UDP_RING_IDLE - 2; /* this one, and a look to see whether it fills */
	if (u->looks && ref_set(u->epfd, r->ring.fd, filling ? 0 : EPOLLIN, ref) != 0)
		udp_ring_close(u, r);
}

void udp_ring_event(struct udp *u, uint32_t index)
{
	struct udp_ring *r = &u->rings[index % RING_MAX];

	if (r->ring.fd >= 0 && !r->filling)
		udp_ring_watch(u, r, true);
}

/* Little was found. That its link is gone is told once, and read so. */
static void udp_ring_rest(struct udp *u, struct udp_ring *r, uint32_t found)
{
	socklen_t len = sizeof(int);
	int error;

	if (!found)
		getsockopt(r->ring.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (++r->idle >= UDP_RING_IDLE)
		udp_ring_watch(u, r, false);
}

bool udp_ring_turn(struct udp *u)
{
	bool filling = false;

	for (size_t i = 0; i < RING_MAX; i++) {
		struct udp_ring *r = &u->rings[i];
		uint32_t found;

		if (!r->filling)
			continue;
		filling = true;
		found = udp_ring_read(u, r);
		if (found >= UDP_RING_FEW)
			r->idle = 0;
		else if (r->filling)
			udp_ring_rest(u, r, found);
		if (!u->looks)
			r->filling = false;
	}
	return filling;
}
