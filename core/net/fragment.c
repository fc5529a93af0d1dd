/* SPDX-License-Identifier: Apache-2.0 */
/* Fragments (RFC 791, 8200). They may come in any order; one that overlaps another ends
 * them all, as RFC 5722 has it, for nobody who is honest sends such. */
#include "core/net/fragment.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define HEADER4       20
#define HEADER6       40
#define HEADER_PIECE  8 /* of IPv6, behind its own */
#define NEXT_FRAGMENT 44
#define MORE4         0x2000
#define OFFSET4       0x1fff
#define MORE6         1
#define KEEP_MS       2000
#define LEAST4        576
#define LEAST6        1280

/* One fragment, its payload pointing into the bytes. */
struct piece {
	struct fragment_key key;
	const uint8_t *data;
	size_t n, at, whole; /* of the payload; where it belongs; with headers */
	bool more;
};

static bool parse4(const uint8_t *p, size_t n, struct piece *ret)
{
	size_t header = (size_t)(p[0] & 0x0f) * 4;
	uint16_t place = packet_get16(p + 6);

	ret->whole = packet_get16(p + 2);
	if (header < HEADER4 || ret->whole <= header || ret->whole > n ||
	    !(place & (MORE4 | OFFSET4)))
		return false;
	ret->key = (struct fragment_key){ .src.family = AF_INET,
					  .dst.family = AF_INET,
					  .id = packet_get16(p + 4),
					  .proto = p[9] };
	memcpy(ret->key.src.bytes, p + 12, 4);
	memcpy(ret->key.dst.bytes, p + 16, 4);
	ret->data = p + header;
	ret->n = ret->whole - header;
	ret->at = (size_t)(place & OFFSET4) * FRAGMENT_UNIT;
	ret->more = place & MORE4;
	return ret->at + ret->n <= UINT16_MAX - HEADER4;
}

static bool parse6(const uint8_t *p, size_t n, struct piece *ret)
{
	uint16_t place;

	if (n < HEADER6 + HEADER_PIECE || p[6] != NEXT_FRAGMENT)
		return false;
	ret->whole = HEADER6 + (size_t)packet_get16(p + 4);
	if (ret->whole <= HEADER6 + HEADER_PIECE || ret->whole > n)
		return false;
	place = packet_get16(p + HEADER6 + 2);
	ret->key = (struct fragment_key){ .src.family = AF_INET6,
					  .dst.family = AF_INET6,
					  .id = (uint32_t)packet_get16(p + HEADER6 + 4)
							<< 16 |
						packet_get16(p + HEADER6 + 6),
					  .proto = p[HEADER6] };
	memcpy(ret->key.src.bytes, p + 8, 16);
	memcpy(ret->key.dst.bytes, p + 24, 16);
	ret->data = p + HEADER6 + HEADER_PIECE;
	ret->n = ret->whole - HEADER6 - HEADER_PIECE;
	ret->at = place & ~(FRAGMENT_UNIT - 1);
	ret->more = place & MORE6;
	return ret->at + ret->n <= UINT16_MAX;
}

static bool parse(const uint8_t *p, size_t n, struct piece *ret)
{
	uint8_t proto;

	if (n < HEADER4 ||
	    !(p[0] >> 4 == 4 ? parse4(p, n, ret) : p[0] >> 4 == 6 && parse6(p, n, ret)))
		return false;
	proto = ret->key.proto;
	return (proto == IPPROTO_UDP || proto == IPPROTO_ICMP ||
		proto == IPPROTO_ICMPV6) &&
	       !(ret->more && ret->n % FRAGMENT_UNIT);
}

static bool same(const struct fragment_key *a, const struct fragment_key *b)
{
	return a->id == b->id && a->proto == b->proto && ipam_addr_eq(&a->src, &b->src) &&
	       ipam_addr_eq(&a->dst, &b->dst);
}

/* Where the piece belongs. A new packet takes a free place, or the oldest: the sender's
 * own when that has its share, so that nobody takes all of them. */
static struct fragment_place *find(struct fragments *f, const struct piece *k,
				   uint64_t now)
{
	struct fragment_place *oldest = &f->v[0], *own = NULL, *to;
	size_t owned = 0;

	for (size_t i = 0; i < FRAGMENT_PLACES; i++) {
		struct fragment_place *l = &f->v[i];
		bool lives = l->deadline > now;

		if (lives && same(&l->key, &k->key))
			return l;
		if ((lives ? l->deadline : 0) <
		    (oldest->deadline > now ? oldest->deadline : 0))
			oldest = l;
		if (!lives || !ipam_addr_eq(&l->key.src, &k->key.src))
			continue;
		owned++;
		if (!own || l->deadline < own->deadline)
			own = l;
	}
	to = owned >= FRAGMENT_OWN ? own : oldest;
	to->deadline = now + KEEP_MS;
	to->key = k->key;
	to->have = to->reach = to->len = to->longest = 0;
	memset(to->seen, 0, sizeof(to->seen));
	return to;
}

static size_t units(size_t n)
{
	return (n + FRAGMENT_UNIT - 1) / FRAGMENT_UNIT;
}

static bool put(struct fragment_place *l, const struct piece *k)
{
	size_t end = k->at + k->n, first = k->at / FRAGMENT_UNIT;

	if (l->len ? !k->more || end > l->len : !k->more && l->reach > end)
		return false;
	for (size_t i = first; i < first + units(k->n); i++) {
		if (l->seen[i / 8] & 1u << i % 8)
			return false;
		l->seen[i / 8] |= (uint8_t)(1u << i % 8);
	}
	memcpy(l->data + FRAGMENT_HEAD + k->at, k->data, k->n);
	l->have += units(k->n);
	l->reach = end > l->reach ? end : l->reach;
	l->longest = k->whole > l->longest ? k->whole : l->longest;
	if (!k->more)
		l->len = end;
	return true;
}

int fragment_add(struct fragments *f, const uint8_t *p, size_t n, uint64_t now,
		 struct packet *ret)
{
	struct fragment_place *l;
	struct packet_path path;
	size_t header;
	struct piece k;
	uint8_t *start;

	if (!parse(p, n, &k))
		return -EINVAL;
	l = find(f, &k, now);
	if (!put(l, &k)) {
		l->deadline = 0;
		return -EINVAL;
	}
	if (!l->len || l->have != units(l->len))
		return -EAGAIN;
	l->deadline = 0;
	path = (struct packet_path){ .src = k.key.src, .dst = k.key.dst };
	header = k.key.src.family == AF_INET ? HEADER4 : HEADER6;
	start = l->data + FRAGMENT_HEAD - header;
	packet_write_header(start, &path, k.key.proto, l->len);
	if (packet_parse(start, header + l->len, ret) != 0)
		return -EINVAL;
	ret->longest = l->longest;
	return 0;
}

/* The head of each: that of the whole, and where the piece belongs. */
static size_t head(uint8_t *dst, const uint8_t *whole, size_t n, uint16_t place,
		   uint16_t id)
{
	bool four = whole[0] >> 4 == 4;

	memcpy(dst, whole, four ? HEADER4 : HEADER6);
	if (four) {
		packet_put16(dst + 2, HEADER4 + n);
		packet_put16(dst + 4, id);
		packet_put16(dst + 6, place);
		packet_sum_header(dst);
		return HEADER4;
	}
	packet_put16(dst + 4, HEADER_PIECE + n);
	dst[6] = NEXT_FRAGMENT;
	memset(dst + HEADER6, 0, HEADER_PIECE);
	dst[HEADER6] = whole[6];
	packet_put16(dst + HEADER6 + 2, place);
	packet_put16(dst + HEADER6 + 6, id);
	return HEADER6 + HEADER_PIECE;
}

size_t fragment_cut(const uint8_t *whole, size_t n, size_t most, uint16_t id, size_t *at,
		    uint8_t *dst)
{
	bool four = whole[0] >> 4 == 4;
	size_t header = four ? HEADER4 : HEADER6;
	size_t least = four ? LEAST4 : LEAST6;
	size_t room = (most < least ? least : most) - header - (four ? 0 : HEADER_PIECE);
	size_t left = n - header - *at, piece;
	uint16_t place;

	if (!left)
		return 0;
	room -= room % FRAGMENT_UNIT;
	piece = left < room ? left : room;
	place = four ? (uint16_t)(*at / FRAGMENT_UNIT) : (uint16_t)*at;
	if (piece < left)
		place |= four ? MORE4 : MORE6;
	n = head(dst, whole, piece, place, id);
	memcpy(dst + n, whole + header + *at, piece);
	*at += piece;
	return n + piece;
}
