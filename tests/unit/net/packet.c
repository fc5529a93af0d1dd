/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/packet.h"

#include <errno.h>
#include <netinet/in.h>

#include "tests/unit/test.h"

static const struct packet_path path4 = {
	{ .family = AF_INET, .bytes = { 172, 17, 0, 2 } },
	{ .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
	40000,
	80,
};
static const struct packet_path path6 = {
	{ .family = AF_INET6, .bytes = { 0xfd, [15] = 2 } },
	{ .family = AF_INET6, .bytes = { 0x20, 1, [15] = 1 } },
	40000,
	80,
};
/* Ports 40000 → 80, number 1, SYN, with an MSS option. */
static const uint8_t syn[24] = { 0x9c, 0x40, 0, 80, 0,    0,    0, 1, 0, 0, 0,    0,
				 0x60, 0x02, 0, 1,  0xaa, 0xaa, 0, 0, 2, 4, 0x05, 0xb4 };

/* One's complement sum of the transport part with its pseudo header: 0xffff when right.
 */
static unsigned int sum_of(const uint8_t *p, size_t n)
{
	bool four = p[0] >> 4 == 4;
	size_t header = four ? 20 : 40, from = four ? 12 : 8;
	unsigned int sum = (unsigned int)(n - header) + p[four ? 9 : 6];

	if ((four ? p[9] : p[6]) == IPPROTO_ICMP)
		sum = 0, from = header;
	for (size_t i = from; i < n; i += 2)
		sum += (unsigned int)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

TEST(syn_there_and_back)
{
	const struct packet_path *paths[] = { &path4, &path6 };

	for (int i = 0; i < 2; i++) {
		uint8_t p[PACKET_MAX];
		size_t n = packet_write_syn(p, paths[i], syn, sizeof(syn));
		struct packet k;

		CHECK_INT(n, (i ? 40 : 20) + sizeof(syn));
		CHECK_INT(sum_of(p, n), 0xffff);
		CHECK_INT(packet_parse(p, n, &k), 0);
		CHECK_INT(k.kind, PACKET_SYN);
		CHECK(ipam_addr_eq(&k.src, &paths[i]->src));
		CHECK(ipam_addr_eq(&k.dst, &paths[i]->dst));
		CHECK_INT(k.src_port, 40000);
		CHECK_INT(k.dst_port, 80);
		CHECK_INT(k.seq, 1);
		CHECK_INT(k.l4_len, sizeof(syn));
		for (size_t cut = 0; cut < n; cut++)
			CHECK_INT(packet_parse(p, cut, &k), -EINVAL);
	}
}

TEST(what_is_no_syn)
{
	uint8_t p[PACKET_MAX];
	size_t n = packet_write_syn(p, &path4, syn, sizeof(syn));
	struct packet k;

	p[33] = 0x12; /* SYN and ACK */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[33] = 0x06; /* SYN and RST */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[33] = 0x02;
	p[7] = 1; /* a later fragment */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[7] = 0;
	p[32] = 0x40; /* a header of 16 bytes */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[32] = 0xf0; /* and one beyond the packet */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[32] = 0x60;
	p[0] = 0x44; /* an IP header of 16 bytes */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[0] = 0x55;
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	p[0] = 0x45;
	p[3] = 10; /* shorter than its own header */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
}

TEST(reset_answers_the_syn)
{
	uint8_t p[PACKET_MAX];
	size_t n = packet_write_reset(p, &path4, 0xffffffff);

	CHECK_INT(n, 40);
	CHECK_INT(sum_of(p, n), 0xffff);
	CHECK(memcmp(p + 12, path4.dst.bytes, 4) == 0);
	CHECK(memcmp(p + 16, path4.src.bytes, 4) == 0);
	CHECK(memcmp(p + 20, "\x00\x50\x9c\x40", 4) == 0);
	CHECK(memcmp(p + 28, "\0\0\0\0", 4) == 0); /* the number after the SYN's */
	CHECK_INT(p[33], 0x14);
}

TEST(unreachable_quotes)
{
	const struct packet_path *paths[] = { &path4, &path6 };
	uint8_t quoted[PACKET_MAX], p[PACKET_MAX];

	for (int i = 0; i < 2; i++) {
		size_t header = i ? 40 : 20;
		size_t q = packet_write_syn(quoted, paths[i], syn, sizeof(syn));
		size_t n = packet_write_unreachable(p, &paths[i]->dst, quoted, q,
						    EHOSTUNREACH);

		CHECK_INT(n, header + 8 + q);
		CHECK_INT(sum_of(p, n), 0xffff);
		CHECK_INT(p[header], i ? 1 : 3);
		CHECK_INT(p[header + 1], i ? 3 : 1);
		CHECK(memcmp(p + header + 8, quoted, q) == 0);
		CHECK_INT(packet_write_unreachable(p, &paths[i]->dst, quoted, q, EIO), 0);
		CHECK_INT(packet_write_unreachable(p, &paths[i]->dst, quoted, 8,
						   EHOSTUNREACH),
			  0);
	}
}

TEST(echo_there_and_back)
{
	const uint8_t ask4[12] = { 8, 0, 0, 0, 1, 2, 3, 4, 'p', 'i', 'n', 'g' };
	static uint8_t p[PACKET_WHOLE], long_one[UINT16_MAX + 1];
	struct packet k;
	size_t n = packet_write_echo(p, &path4, ask4, sizeof(ask4));

	CHECK_INT(n, 32);
	CHECK_INT(sum_of(p, n), 0xffff);
	CHECK_INT(p[20], 0);
	CHECK_INT(packet_parse(p, n, &k), -EINVAL); /* a reply is not asked for */
	p[20] = 8;
	CHECK_INT(packet_parse(p, n, &k), 0);
	CHECK_INT(k.kind, PACKET_ECHO);
	CHECK_INT(k.id, 0x0102);
	CHECK_INT(k.echo_seq, 0x0304);
	CHECK_INT(k.l4_len, sizeof(ask4));
	p[6] = 0x20; /* the first of several fragments: its answer would be a lie */
	CHECK_INT(packet_parse(p, n, &k), -EINVAL);
	CHECK_INT(packet_write_echo(p, &path6, ask4, sizeof(ask4)), 52);
	CHECK_INT(sum_of(p, 52), 0xffff);
	CHECK_INT(packet_write_echo(p, &path4, long_one, UINT16_MAX - 20), UINT16_MAX);
	CHECK_INT(packet_write_echo(p, &path4, long_one, UINT16_MAX - 19), 0);
	CHECK_INT(packet_write_echo(p, &path6, long_one, UINT16_MAX), PACKET_WHOLE);
	CHECK_INT(packet_write_echo(p, &path6, long_one, UINT16_MAX + 1), 0);
}

TEST(datagrams_are_whole)
{
	/* 172.17.0.2:40000 → 192.0.2.1:80, "hi" */
	uint8_t p[] = {
		0x45, 0,   0, 30, 0, 0,    0,    0, 64, 17, 0,  0, 172, 17,  0,
		2,    192, 0, 2,  1, 0x9c, 0x40, 0, 80, 0,  10, 0, 0,   'h', 'i'
	};
	struct packet k;

	CHECK_INT(packet_parse(p, sizeof(p), &k), 0);
	CHECK_INT(k.kind, PACKET_DATAGRAM);
	CHECK_INT(k.src_port, 40000);
	CHECK_INT(k.dst_port, 80);
	CHECK_INT(k.l4_len, 10);
	/* cut off; the first of several fragments */
	CHECK_INT(packet_parse(p, sizeof(p) - 1, &k), -EINVAL);
	p[25] = 99;
	CHECK_INT(packet_parse(p, sizeof(p), &k), -EINVAL);
	p[25] = 7;
	CHECK_INT(packet_parse(p, sizeof(p), &k), -EINVAL);
}
