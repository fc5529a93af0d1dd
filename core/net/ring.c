/* SPDX-License-Identifier: Apache-2.0 */
/* Rings.
 *
 * A datagram's common way is a long one: bridge, routing, chain and a socket's queue, all
 * in the time of who sends it, then a call to read it. Who floods is faster than that,
 * and waits, or loses. For a flow that is busy there is a short way: a packet socket at
 * the container's port sees each frame before anything else does, and copies it into
 * memory that the stack reads without a call; a filter at tc's ingress hook, which comes
 * next, drops it there. Both are one classic BPF program with two sets of verdicts, so
 * what the one takes is what the other drops. It comes before the guard (guard.h), which
 * is right: a flow is known by its addresses and its port, and whatever comes by that
 * port is that container's own.
 *
 * Frames in the ring are whole, so the program lets only through what fits one place: a
 * larger datagram goes the common way. It overtakes nothing (udp_ring_before), but those
 * that follow at once may overtake it. The kernel's TPACKET_V2: the later format hands
 * over blocks, and a lonely datagram would wait for its block's end. */
#include "core/net/ring.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/net/ring_inside.h"

/* Places in the frame. */
#define ETH_KIND     12
#define IP_AT        14
#define IP4_FRAGMENT (IP_AT + 6)
#define IP4_PROTO    (IP_AT + 9)
#define IP4_SOURCE   (IP_AT + 12)
#define IP4_PORTS    (IP_AT + 20)
#define IP6_NEXT     (IP_AT + 6)
#define IP6_SOURCE   (IP_AT + 8)
#define IP6_PORTS    (IP_AT + 40)
#define UDP_SIZE     8

struct ring_code {
	struct sock_filter *v;
	size_t n;
};

static void ring_put(struct ring_code *c, uint16_t code, uint32_t k)
{
	c->v[c->n++] = (struct sock_filter)BPF_STMT(code, k);
}

/* Jumps of a part of the program to its end, which is not known yet: until ring_meet
 * there stands a mark. */
static void ring_unless(struct ring_code *c, uint16_t op, uint32_t k, bool holds)
{
	c->v[c->n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | op | BPF_K, k, holds ? 0 : UINT8_MAX, holds ? UINT8_MAX : 0);
}

static void ring_only(struct ring_code *c, uint16_t size, uint32_t at, uint32_t k)
{
	ring_put(c, BPF_LD | size | BPF_ABS, at);
	ring_unless(c, BPF_JEQ, k, true);
}

static void ring_meet(struct ring_code *c, size_t begin)
{
	for (size_t i = begin; i < c->n; i++) {
		struct sock_filter *f = &c->v[i];
		uint8_t over = (uint8_t)(c->n - i - 1);

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (f->jt == UINT8_MAX)
			f->jt = over;
		if (f->jf == UINT8_MAX)
			f->jf = over;
	}
}

static void ring_addr(struct ring_code *c, uint32_t at, const struct ip_addr *a)
{
	uint32_t words = a->family == AF_INET ? 1 : 4;

	for (uint32_t i = 0; i < words; i++)
		ring_only(c, BPF_W, at + 4 * i,
			  (uint32_t)packet_get16(a->bytes + 4 * i) << 16 |
				  packet_get16(a->bytes + 4 * i + 2));
}

static void ring_flow(struct ring_code *c, const struct packet_path *p, uint32_t verdict)
{
	bool four = p->src.family == AF_INET;
	uint32_t at = four ? IP4_SOURCE : IP6_SOURCE;
	size_t begin = c->n;

	ring_addr(c, at, &p->src);
	ring_addr(c, at + (four ? 4 : 16), &p->dst);
	ring_only(c, BPF_W, four ? IP4_PORTS : IP6_PORTS,
		  (uint32_t)p->src_port << 16 | p->dst_port);
	ring_put(c, BPF_RET | BPF_K, verdict);
	ring_meet(c, begin);
}

/* A load beyond the frame's end would end the program with 0, which for tc is "pass, and
 * no further filter": so the length is asked first. */
static void ring_family(struct ring_code *c, const struct packet_path *flows, size_t n,
			bool four, const uint32_t verdict[2])
{
	size_t begin = c->n, all;

	ring_put(c, BPF_LD | BPF_W | BPF_LEN, 0);
	ring_unless(c, BPF_JGE, (four ? IP4_PORTS : IP6_PORTS) + UDP_SIZE, true);
	ring_unless(c, BPF_JGT, RING_LONGEST, false);
	ring_only(c, BPF_H, ETH_KIND, four ? ETH_P_IP : ETH_P_IPV6);
	if (four) {
		ring_only(c, BPF_B, IP_AT, 0x45);
		ring_put(c, BPF_LD | BPF_H | BPF_ABS, IP4_FRAGMENT);
		ring_unless(c, BPF_JSET, 0x3fff, false);
	}
	ring_only(c, BPF_B, four ? IP4_PROTO : IP6_NEXT, IPPROTO_UDP);
	/* The flows are too much to be jumped over by the above. */
	ring_put(c, BPF_JMP | BPF_JA, 1);
	ring_meet(c, begin);
	all = c->n;
	ring_put(c, BPF_JMP | BPF_JA, 0);
	for (size_t i = 0; i < n; i++)
		if ((flows[i].src.family == AF_INET) == four)
			ring_flow(c, &flows[i], verdict[1]);
	c->v[all].k = (uint32_t)(c->n - all - 1);
}

size_t ring_compile(const struct packet_path *flows, size_t n, const uint32_t verdict[2],
		    struct sock_filter code[RING_CODE_MAX])
{
	struct ring_code c = { .v = code };

	ring_family(&c, flows, n, true, verdict);
	ring_family(&c, flows, n, false, verdict);
	ring_put(&c, BPF_RET | BPF_K, verdict[0]);
	return c.n;
}

/* --- reading it --------------------------------------------------------------------- */

int ring_open(struct ring *r, int fd)
{
	void *frames = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (frames == MAP_FAILED)
		return -errno;
	*r = (struct ring){ .fd = fd, .frames = frames };
	return 0;
}

void ring_done(struct ring *r)
{
	if (r->frames)
		munmap(r->frames, RING_SIZE);
	r->fd = fd_close(r->fd);
	r->frames = NULL;
}

static struct tpacket2_hdr *ring_frame(const struct ring *r, uint32_t ahead)
{
	size_t i = (r->at + ahead) % (RING_SIZE / RING_FRAME);

	return (struct tpacket2_hdr *)(r->frames + i * RING_FRAME);
}

int ring_peek(const struct ring *r, uint32_t ahead, struct packet *ret)
{
	struct tpacket2_hdr *h = ring_frame(r, ahead);
	uint32_t status = __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
	size_t head = (size_t)(h->tp_net - h->tp_mac);
	int rc;

	if (!(status & TP_STATUS_USER) || ahead >= RING_SIZE / RING_FRAME)
		return 0;
	/* The kernel's word, but what follows must not stand on it. */
	if (h->tp_net < h->tp_mac || h->tp_snaplen < head ||
	    h->tp_mac + h->tp_snaplen > RING_FRAME)
		return -EINVAL;
	rc = packet_parse((const uint8_t *)h + h->tp_net, h->tp_snaplen - head, ret);
	if (rc || ret->kind != PACKET_DATAGRAM)
		return -EINVAL;
	if (!(status & (TP_STATUS_CSUMNOTREADY | TP_STATUS_CSUM_VALID)) &&
	    !packet_is_sound(ret))
		return -EINVAL;
	return 1;
}

void ring_release(struct ring *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		__atomic_store_n(&ring_frame(r, i)->tp_status, TP_STATUS_KERNEL,
				 __ATOMIC_RELEASE);
	r->at = (r->at + n) % (RING_SIZE / RING_FRAME);
}
