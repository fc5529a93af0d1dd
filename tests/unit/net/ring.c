/* SPDX-License-Identifier: Apache-2.0 */
/* The ring is a piece of memory. */
#include "core/net/ring.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/net/ring_inside.h"
#include "tests/unit/net/sift.h"

#define FRAME_MAX 2000

static struct packet_path path(const char *src, uint16_t sport, const char *dst,
			       uint16_t dport)
{
	struct packet_path p = { .src_port = sport, .dst_port = dport };

	CHECK_INT(ipam_parse_addr(src, &p.src), 0);
	CHECK_INT(ipam_parse_addr(dst, &p.dst), 0);
	return p;
}

/* A frame with a datagram of n bytes; how long it is. */
static size_t frame(uint8_t *dst, const struct packet_path *p, size_t n)
{
	bool four = p->src.family == AF_INET;
	uint8_t *udp;

	memset(dst, 0, 14 + 40 + 8 + n);
	dst[12] = four ? 0x08 : 0x86;
	dst[13] = four ? 0x00 : 0xdd;
	udp = dst + 14 + packet_write_header(dst + 14, p, 17, 8 + n);
	packet_put16(udp, p->src_port);
	packet_put16(udp + 2, p->dst_port);
	packet_put16(udp + 4, 8 + n);
	return (size_t)(udp - dst) + 8 + n;
}

static bool takes(const struct packet_path *flows, size_t n, const uint8_t *bytes,
		  size_t len)
{
	static const uint32_t verdict[2] = { 0, UINT32_MAX };
	struct sock_filter code[RING_CODE_MAX];
	size_t size = ring_compile(flows, n, verdict, code);
	ssize_t r;

	CHECK(size <= RING_CODE_MAX);
	r = sift(code, size, bytes, len);
	CHECK(r < 0 || (size_t)r == len);
	return r >= 0;
}

static bool takes_path(const struct packet_path *flows, size_t n,
		       const struct packet_path *p)
{
	uint8_t bytes[FRAME_MAX];

	return takes(flows, n, bytes, frame(bytes, p, 10));
}

TEST(these_flows_alone)
{
	struct packet_path flows[RING_FLOWS], other;

	for (unsigned int i = 0; i < RING_FLOWS; i++)
		flows[i] =
			i % 2 ? path("fd00::2", (uint16_t)(1000 + i), "2001:db8::1", 53)
			      : path("10.0.0.2", (uint16_t)(1000 + i), "192.0.2.1", 53);
	for (unsigned int i = 0; i < RING_FLOWS; i++) {
		CHECK(takes_path(flows, RING_FLOWS, &flows[i]));
		CHECK(!takes_path(flows, i, &flows[i]));
		other = flows[i];
		other.src_port += 100;
		CHECK(!takes_path(flows, RING_FLOWS, &other));
		other = flows[i];
		other.dst_port++;
		CHECK(!takes_path(flows, RING_FLOWS, &other));
		for (size_t k = 0; k < (i % 2 ? 16 : 4); k++) {
			other = flows[i];
			other.src.bytes[k] ^= 1;
			CHECK(!takes_path(flows, RING_FLOWS, &other));
			other = flows[i];
			other.dst.bytes[k] ^= 0x80;
			CHECK(!takes_path(flows, RING_FLOWS, &other));
		}
	}
	CHECK(!takes_path(flows, 0, &flows[0]));
}

TEST(whole_and_plain_alone)
{
	struct packet_path p[2] = { path("10.0.0.2", 1, "192.0.2.1", 2),
				    path("fd00::2", 1, "2001:db8::1", 2) };
	uint8_t bytes[FRAME_MAX];

	for (unsigned int i = 0; i < 2; i++) {
		size_t head = frame(bytes, &p[i], 0), n;

		CHECK(takes(p, 2, bytes, head));
		for (n = 1; n < head; n++)
			CHECK(!takes(p, 2, bytes, n));
		n = RING_LONGEST - head;
		CHECK(takes(p, 2, bytes, frame(bytes, &p[i], n)));
		CHECK(!takes(p, 2, bytes, frame(bytes, &p[i], n + 1)));
		n = frame(bytes, &p[i], 4);
		bytes[i ? 20 : 23] = 6;
		CHECK(!takes(p, 2, bytes, n));
		n = frame(bytes, &p[i], 4);
		bytes[13] ^= 1;
		CHECK(!takes(p, 2, bytes, n));
	}
	size_t n = frame(bytes, &p[0], 4);
	bytes[20] = 0x20; /* more fragments */
	CHECK(!takes(p, 2, bytes, n));
	n = frame(bytes, &p[0], 4);
	bytes[21] = 1; /* a later one */
	CHECK(!takes(p, 2, bytes, n));
	n = frame(bytes, &p[0], 4);
	bytes[14] = 0x46; /* options */
	CHECK(!takes(p, 2, bytes, n));
}

static struct ring ring(void)
{
	return (struct ring){ .fd = -1, .frames = mem_array(1, RING_SIZE) };
}

static void arrive(const struct ring *r, uint32_t place, const struct packet_path *p,
		   uint32_t status)
{
	struct tpacket2_hdr *h =
		(struct tpacket2_hdr *)(r->frames + (size_t)place * RING_FRAME);

	h->tp_mac = 66;
	h->tp_net = 80;
	h->tp_snaplen = (uint32_t)frame((uint8_t *)h + h->tp_mac, p, 10);
	h->tp_status = TP_STATUS_USER | status;
}

TEST(read_and_given_back)
{
	const uint32_t places = RING_SIZE / RING_FRAME;
	struct packet_path p = path("10.0.0.2", 1, "192.0.2.1", 2);
	struct ring r = ring();
	struct packet k;

	CHECK_INT(ring_peek(&r, 0, &k), 0);
	for (uint32_t i = 0; i < 3; i++) {
		p.src_port = (uint16_t)(10 + i);
		arrive(&r, i, &p, TP_STATUS_CSUMNOTREADY);
	}
	CHECK_INT(ring_peek(&r, 3, &k), 0);
	CHECK_INT(ring_peek(&r, 2, &k), 1);
	CHECK_INT(k.src_port, 12);
	CHECK_INT(k.l4_len, 18);
	CHECK(ipam_addr_eq(&k.src, &p.src));
	ring_release(&r, 2);
	CHECK_INT(ring_peek(&r, 0, &k), 1);
	CHECK_INT(k.src_port, 12);
	ring_release(&r, 1);
	CHECK_INT(ring_peek(&r, 0, &k), 0);
	/* Full: round the end, and not twice around. */
	for (uint32_t i = 0; i < places; i++)
		arrive(&r, i, &p, TP_STATUS_CSUMNOTREADY);
	CHECK_INT(ring_peek(&r, places - 1, &k), 1);
	CHECK_INT(ring_peek(&r, places, &k), 0);
	ring_release(&r, places);
	CHECK_INT(ring_peek(&r, 0, &k), 0);
	ring_done(&(struct ring){ .fd = -1 });
	free(r.frames);
}

TEST(checksums)
{
	struct packet_path p = path("10.0.0.2", 1, "192.0.2.1", 2);
	struct packet_path six = path("fd00::2", 1, "2001:db8::1", 2);
	struct ring r = ring();
	uint8_t *udp = r.frames + 80 + 20;
	struct packet k;

	arrive(&r, 0, &p, 0); /* none */
	CHECK_INT(ring_peek(&r, 0, &k), 1);
	udp[6] = 1;
	CHECK_INT(ring_peek(&r, 0, &k), -EINVAL);
	/* 10.0.0.2 + 192.0.2.1 + 17 + 18, ports 1 and 2, length 18 */
	packet_put16(udp + 6,
		     0xffff ^ (0x0a00 + 2 + 0xc000 + 0x201 + 17 + 18 + 1 + 2 + 18));
	CHECK_INT(ring_peek(&r, 0, &k), 1);
	udp[17] ^= 1;
	CHECK_INT(ring_peek(&r, 0, &k), -EINVAL);
	/* The kernel knows better. */
	arrive(&r, 0, &p, TP_STATUS_CSUM_VALID);
	udp[6] = 1;
	CHECK_INT(ring_peek(&r, 0, &k), 1);
	arrive(&r, 0, &six, 0); /* IPv6 must have one */
	CHECK_INT(ring_peek(&r, 0, &k), -EINVAL);
	free(r.frames);
}
