/* SPDX-License-Identifier: Apache-2.0 */
/* IP packets as bytes (RFC 791, 792, 4443, 8200, 9293). */
#include "core/net/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define IP4_HEADER        20
#define IP6_HEADER        40
#define TCP_HEADER        20
#define UDP_HEADER        8
#define ICMP_HEADER       8
#define PACKET_TTL        64

#define TCP_SYN           0x02
#define TCP_RST           0x04
#define TCP_ACK           0x10

#define ICMP4_UNREACHABLE 3
#define ICMP4_ECHO        8
#define ICMP4_ECHO_REPLY  0
#define ICMP6_UNREACHABLE 1
#define ICMP6_ECHO        128
#define ICMP6_ECHO_REPLY  129
#define ICMP4_QUOTE       (IP4_HEADER + 8 + 40)
#define ICMP6_QUOTE       512

uint16_t packet_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t packet_get32(const uint8_t *p)
{
	return (uint32_t)packet_get16(p) << 16 | packet_get16(p + 2);
}

void packet_put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void packet_put32(uint8_t *p, uint32_t v)
{
	packet_put16(p, v >> 16);
	packet_put16(p + 2, v & 0xffff);
}

static uint32_t packet_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n >= 2; p += 2, n -= 2)
		sum += packet_get16(p);
	if (n)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint16_t packet_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t packet_addr_size(const struct ip_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

/* Transport checksum with the pseudo header, which sums up the same for both families. */
static uint16_t packet_checksum(const struct packet_path *path, uint8_t proto,
				const uint8_t *p, size_t n)
{
	size_t size = packet_addr_size(&path->src);
	uint32_t sum = packet_sum(proto + (uint32_t)n, path->src.bytes, size);

	sum = packet_sum(sum, path->dst.bytes, size);
	return packet_fold(packet_sum(sum, p, n));
}

void packet_sum_header(uint8_t *four)
{
	packet_put16(four + 10, 0);
	packet_put16(four + 10, packet_fold(packet_sum(0, four, IP4_HEADER)));
}

size_t packet_write_header(uint8_t *dst, const struct packet_path *path, uint8_t proto,
			   size_t payload)
{
	if (path->src.family == AF_INET) {
		memset(dst, 0, IP4_HEADER);
		dst[0] = 0x45;
		packet_put16(dst + 2, IP4_HEADER + payload);
		dst[6] = 0x40; /* do not fragment */
		dst[8] = PACKET_TTL;
		dst[9] = proto;
		memcpy(dst + 12, path->src.bytes, 4);
		memcpy(dst + 16, path->dst.bytes, 4);
		packet_sum_header(dst);
		return IP4_HEADER;
	}
	memset(dst, 0, IP6_HEADER);
	dst[0] = 0x60;
	packet_put16(dst + 4, payload);
	dst[6] = proto;
	dst[7] = PACKET_TTL;
	memcpy(dst + 8, path->src.bytes, 16);
	memcpy(dst + 24, path->dst.bytes, 16);
	return IP6_HEADER;
}

/* The transport header's place in the packet; 0 when there is none for us. */
static size_t packet_parse_ip4(const uint8_t *p, size_t n, struct packet *ret,
			       uint8_t *proto)
{
	size_t header = n ? (size_t)(p[0] & 0x0f) * 4 : 0;

	/* Of a fragment, the first too, there is no more to see than a part. */
	if (header < IP4_HEADER || n < header || packet_get16(p + 2) < header ||
	    (packet_get16(p + 6) & 0x3fff))
		return 0;
	ret->src.family = ret->dst.family = AF_INET;
	memcpy(ret->src.bytes, p + 12, 4);
	memcpy(ret->dst.bytes, p + 16, 4);
	*proto = p[9];
	/* Beyond the packet there may be padding of the link. */
	ret->raw_len = packet_get16(p + 2) < n ? packet_get16(p + 2) : n;
	return header;
}

static size_t packet_parse_ip6(const uint8_t *p, size_t n, struct packet *ret,
			       uint8_t *proto)
{
	size_t whole;

	if (n < IP6_HEADER)
		return 0;
	whole = IP6_HEADER + (size_t)packet_get16(p + 4);
	ret->src.family = ret->dst.family = AF_INET6;
	memcpy(ret->src.bytes, p + 8, 16);
	memcpy(ret->dst.bytes, p + 24, 16);
	*proto = p[6];
	ret->raw_len = whole < n ? whole : n;
	return IP6_HEADER;
}

static int packet_parse_tcp(struct packet *k)
{
	const uint8_t *t = k->l4;
	size_t n = k->l4_len, header;

	if (n < TCP_HEADER)
		return -EINVAL;
	header = (size_t)(t[12] >> 4) * 4;
	if (header < TCP_HEADER || header > n)
		return -EINVAL;
	if ((t[13] & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return -EINVAL;
	k->kind = PACKET_SYN;
	k->src_port = packet_get16(t);
	k->dst_port = packet_get16(t + 2);
	k->seq = packet_get32(t + 4);
	k->l4_len = header;
	return 0;
}

/* One whose rest is in other fragments, or was cut off, is not whole. */
static int packet_parse_datagram(struct packet *k)
{
	if (k->l4_len < UDP_HEADER || packet_get16(k->l4 + 4) != k->l4_len)
		return -EINVAL;
	k->kind = PACKET_DATAGRAM;
	k->src_port = packet_get16(k->l4);
	k->dst_port = packet_get16(k->l4 + 2);
	return 0;
}

static int packet_parse_echo(struct packet *k, uint8_t type)
{
	if (k->l4_len < ICMP_HEADER || k->l4[0] != type || k->l4[1] != 0)
		return -EINVAL;
	k->kind = PACKET_ECHO;
	k->id = packet_get16(k->l4 + 4);
	k->echo_seq = packet_get16(k->l4 + 6);
	return 0;
}

int packet_parse(const uint8_t *p, size_t n, struct packet *ret)
{
	struct packet k = { .raw = p };
	size_t at = 0;
	uint8_t proto = 0;
	int rc = -EINVAL;

	if (n < IP4_HEADER)
		return -EINVAL;
	if (p[0] >> 4 == 4)
		at = packet_parse_ip4(p, n, &k, &proto);
	else if (p[0] >> 4 == 6)
		at = packet_parse_ip6(p, n, &k, &proto);
	if (!at)
		return -EINVAL;
	k.l4 = p + at;
	k.l4_len = k.raw_len - at;
	if (proto == IPPROTO_TCP)
		rc = packet_parse_tcp(&k);
	else if (proto == IPPROTO_UDP)
		rc = packet_parse_datagram(&k);
	else if (proto == IPPROTO_ICMP && k.src.family == AF_INET)
		rc = packet_parse_echo(&k, ICMP4_ECHO);
	else if (proto == IPPROTO_ICMPV6 && k.src.family == AF_INET6)
		rc = packet_parse_echo(&k, ICMP6_ECHO);
	if (rc == 0)
		*ret = k;
	return rc;
}

bool packet_is_sound(const struct packet *datagram)
{
	const struct packet_path path = { .src = datagram->src, .dst = datagram->dst };

	if (packet_get16(datagram->l4 + 6) == 0)
		return datagram->src.family == AF_INET;
	return packet_checksum(&path, IPPROTO_UDP, datagram->l4, datagram->l4_len) == 0;
}

static uint64_t packet_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

uint32_t packet_path_hash(const struct packet_path *p, uint64_t key)
{
	uint64_t part[4];

	memcpy(part, p->src.bytes, 16);
	memcpy(part + 2, p->dst.bytes, 16);
	for (int i = 0; i < 4; i++)
		key = packet_mix(key, part[i]);
	return (uint32_t)(packet_mix(key, (uint64_t)p->src_port << 16 | p->dst_port) >>
			  32);
}

bool packet_path_eq(const struct packet_path *a, const struct packet_path *b)
{
	return a->src_port == b->src_port && a->dst_port == b->dst_port &&
	       ipam_addr_eq(&a->src, &b->src) && ipam_addr_eq(&a->dst, &b->dst);
}

bool packet_path_has(const struct packet_path *p, const struct ip_addr *addr)
{
	return !addr || ipam_addr_eq(&p->src, addr) || ipam_addr_eq(&p->dst, addr);
}

size_t packet_write_syn(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			const uint8_t *tcp, size_t tcp_len)
{
	size_t at = packet_write_header(dst, path, IPPROTO_TCP, tcp_len);

	memcpy(dst + at, tcp, tcp_len);
	packet_put16(dst + at + 16, 0);
	packet_put16(dst + at + 16,
		     packet_checksum(path, IPPROTO_TCP, dst + at, tcp_len));
	return at + tcp_len;
}

size_t packet_write_reset(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			  uint32_t seq)
{
	struct packet_path back = { path->dst, path->src, path->dst_port,
				    path->src_port };
	size_t at = packet_write_header(dst, &back, IPPROTO_TCP, TCP_HEADER);
	uint8_t *t = dst + at;

	memset(t, 0, TCP_HEADER);
	packet_put16(t, back.src_port);
	packet_put16(t + 2, back.dst_port);
	packet_put32(t + 8, seq + 1);
	t[12] = (TCP_HEADER / 4) << 4;
	t[13] = TCP_RST | TCP_ACK;
	packet_put16(t + 16, packet_checksum(&back, IPPROTO_TCP, t, TCP_HEADER));
	return at + TCP_HEADER;
}

struct packet_code {
	int error;
	uint8_t four, six;
};

/* ICMP codes that the container's kernel turns back into the same errno. */
static const struct packet_code packet_codes[] = {
	{ ENETUNREACH, 0, 0 }, { EHOSTUNREACH, 1, 3 }, { ECONNREFUSED, 3, 4 },
	{ EACCES, 13, 1 },     { EPERM, 13, 1 },
};

size_t packet_write_unreachable(uint8_t dst[PACKET_MAX], const struct ip_addr *from,
				const uint8_t *quoted, size_t n, int code)
{
	bool four = from->family == AF_INET;
	uint8_t proto = four ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	size_t most = four ? ICMP4_QUOTE : ICMP6_QUOTE;
	const struct packet_code *c = packet_codes;
	struct packet_path path = { .src = *from };
	uint8_t *m;
	size_t at;

	while (c < packet_codes + sizeof(packet_codes) / sizeof(*c) && c->error != code)
		c++;
	if (c == packet_codes + sizeof(packet_codes) / sizeof(*c) ||
	    n < (four ? IP4_HEADER : IP6_HEADER))
		return 0;
	n = n < most ? n : most;
	path.dst.family = from->family;
	memcpy(path.dst.bytes, quoted + (four ? 12 : 8), packet_addr_size(from));
	at = packet_write_header(dst, &path, proto, ICMP_HEADER + n);
	m = dst + at;
	memset(m, 0, ICMP_HEADER);
	m[0] = four ? ICMP4_UNREACHABLE : ICMP6_UNREACHABLE;
	m[1] = four ? c->four : c->six;
	memcpy(m + ICMP_HEADER, quoted, n);
	if (four)
		packet_put16(m + 2, packet_fold(packet_sum(0, m, ICMP_HEADER + n)));
	else
		packet_put16(m + 2, packet_checksum(&path, proto, m, ICMP_HEADER + n));
	return at + ICMP_HEADER + n;
}

size_t packet_write_quote(uint8_t dst[PACKET_MAX], const struct packet_path *path,
			  uint8_t proto, const uint8_t *head, size_t n)
{
	size_t at = packet_write_header(dst, path, proto, n);

	memcpy(dst + at, head, n);
	return at + n;
}

size_t packet_write_echo(uint8_t dst[PACKET_WHOLE], const struct packet_path *path,
			 const uint8_t *icmp, size_t n)
{
	bool four = path->src.family == AF_INET;
	uint8_t proto = four ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	uint8_t *m;
	size_t at;

	if (n < ICMP_HEADER || n > UINT16_MAX - (four ? IP4_HEADER : 0))
		return 0;
	at = packet_write_header(dst, path, proto, n);
	m = dst + at;
	memcpy(m, icmp, n);
	m[0] = four ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
	m[1] = 0;
	packet_put16(m + 2, 0);
	if (four)
		packet_put16(m + 2, packet_fold(packet_sum(0, m, n)));
	else
		packet_put16(m + 2, packet_checksum(path, proto, m, n));
	return at + n;
}
