/* SPDX-License-Identifier: Apache-2.0 */
/* One deflate block with the fixed codes of RFC 1951, 3.2.6, as long as the input. The
 * window holds 32 KiB of the past and as much of the present; when it is full, the
 * present becomes the past. */
#include "core/wire/deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define PAST       32768u
#define HASH_BITS  14
#define MATCH_MIN  4u /* 3 are allowed, but seldom pay */
#define MATCH_MAX  258u
#define END_SYMBOL 256u
#define CRC_POLY   0xedb88320u
#define SYNC_BYTES 4096 /* that are held back before they go to the buffer */

struct deflate {
	uint8_t window[2 * PAST];
	size_t len;
	uint32_t at;                    /* of window[0] in the input, modulo 2^32 */
	uint32_t heads[1 << HASH_BITS]; /* position + 1 of the last such four bytes */
	uint32_t crc, total;
	uint64_t bits;
	unsigned count;
	uint8_t held[SYNC_BYTES];
	size_t held_len;
	uint32_t table[256];
};

/* --- bits ----------------------------------------------------------------------------
 */

static int release(struct deflate *d, struct buf *out)
{
	int r = buf_add(out, d->held, d->held_len);

	d->held_len = 0;
	return r;
}

static int put(struct deflate *d, uint32_t value, unsigned n, struct buf *out)
{
	int r = 0;

	d->bits |= (uint64_t)value << d->count;
	d->count += n;
	while (d->count >= 8) {
		d->held[d->held_len++] = (uint8_t)d->bits;
		d->bits >>= 8;
		d->count -= 8;
		if (d->held_len == SYNC_BYTES)
			r = release(d, out);
	}
	return r;
}

/* Huffman codes begin with their highest bit. */
static uint32_t mirror(uint32_t code, unsigned n)
{
	uint32_t r = 0;

	for (unsigned i = 0; i < n; i++)
		r |= ((code >> i) & 1) << (n - 1 - i);
	return r;
}

static int put_symbol(struct deflate *d, unsigned symbol, struct buf *out)
{
	if (symbol < 144)
		return put(d, mirror(0x30 + symbol, 8), 8, out);
	if (symbol < 256)
		return put(d, mirror(0x190 + symbol - 144, 9), 9, out);
	if (symbol < 280)
		return put(d, mirror(symbol - 256, 7), 7, out);
	return put(d, mirror(0xc0 + symbol - 280, 8), 8, out);
}

/* Lengths and distances grow alike: each power of two has `split` codes, and the rest of
 * the value follows as it is. v counts from 0. */
static unsigned code_of(unsigned v, unsigned split_bits, unsigned *ret_extra)
{
	unsigned high = 31u - (unsigned)__builtin_clz(v | 1);

	if (v < (2u << split_bits)) {
		*ret_extra = 0;
		return v;
	}
	*ret_extra = high - split_bits;
	return ((high - split_bits) << split_bits) + (v >> (high - split_bits));
}

static int put_match(struct deflate *d, unsigned length, unsigned distance,
		     struct buf *out)
{
	unsigned extra, code = code_of(length - 3, 2, &extra);
	int r;

	if (length == MATCH_MAX) { /* has a code of its own */
		code = 28;
		extra = 0;
	}
	r = put_symbol(d, 257 + code, out);
	if (extra)
		r |= put(d, (length - 3) & ((1u << extra) - 1), extra, out);
	code = code_of(distance - 1, 1, &extra);
	r |= put(d, mirror(code, 5), 5, out);
	if (extra)
		r |= put(d, (distance - 1) & ((1u << extra) - 1), extra, out);
	return r;
}

/* --- matches -------------------------------------------------------------------------
 */

static uint32_t *head(struct deflate *d, size_t i)
{
	uint32_t four;

	memcpy(&four, d->window + i, sizeof(four));
	return &d->heads[(four * 2654435761u) >> (32 - HASH_BITS)];
}

/* Length of the match at i that ends before `end`, and how far back it is. What a head
 * says is a hint: the bytes decide. */
static unsigned find(struct deflate *d, size_t i, size_t end, unsigned *ret_distance)
{
	uint32_t *h = head(d, i), now = d->at + (uint32_t)i;
	uint32_t distance = now + 1 - *h;
	unsigned n = 0;

	*h = now + 1;
	if (distance == 0 || distance > PAST || distance > i)
		return 0;
	while (n < MATCH_MAX && i + n < end &&
	       d->window[i + n] == d->window[i + n - distance])
		n++;
	*ret_distance = distance;
	return n;
}

static int squeeze(struct deflate *d, size_t from, size_t end, struct buf *out)
{
	int r = 0;

	while (from < end) {
		unsigned distance = 0,
			 n = end - from >= MATCH_MIN ? find(d, from, end, &distance) : 0;

		if (n >= MATCH_MIN) {
			r |= put_match(d, n, distance, out);
			from += n;
		} else {
			r |= put_symbol(d, d->window[from], out);
			from++;
		}
	}
	return r;
}

/* --- the member ----------------------------------------------------------------------
 */

struct deflate *deflate_new(const char *comment, struct buf *out)
{
	/* gzip, deflate, a comment follows, no time, no level, Unix. */
	static const uint8_t header[10] = { 0x1f, 0x8b, 8, 0x10, 0, 0, 0, 0, 0, 3 };
	struct deflate *d = mem_new(struct deflate);

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? CRC_POLY ^ (c >> 1) : c >> 1;
		d->table[i] = c;
	}
	d->crc = UINT32_MAX;
	buf_add(out, header, sizeof(header));
	buf_add(out, comment, strlen(comment) + 1);
	put(d, 0, 1, out); /* not the last block */
	put(d, 1, 2, out); /* fixed codes */
	return d;
}

int deflate_add(struct deflate *d, const void *p, size_t n, struct buf *out)
{
	const uint8_t *s = p;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		d->crc = d->table[(d->crc ^ s[i]) & 0xff] ^ (d->crc >> 8);
	d->total += (uint32_t)n;
	while (n > 0 && r == 0) {
		size_t room = sizeof(d->window) - d->len, take = n < room ? n : room;

		memcpy(d->window + d->len, s, take);
		r = squeeze(d, d->len, d->len + take, out);
		d->len += take;
		s += take;
		n -= take;
		if (d->len == sizeof(d->window)) {
			memcpy(d->window, d->window + PAST, PAST);
			d->len = PAST;
			d->at += PAST;
		}
	}
	return r;
}

static int put_word(struct deflate *d, uint32_t word, struct buf *out)
{
	return put(d, word & 0xffff, 16, out) | put(d, word >> 16, 16, out);
}

int deflate_end(struct deflate *d, struct buf *out)
{
	int r = put_symbol(d, END_SYMBOL, out);

	/* An empty last block. */
	r |= put(d, 1, 1, out);
	r |= put(d, 1, 2, out);
	r |= put_symbol(d, END_SYMBOL, out);
	if (d->count)
		r |= put(d, 0, 8 - d->count, out);
	r |= put_word(d, ~d->crc, out);
	r |= put_word(d, d->total, out);
	return r | release(d, out);
}

void deflate_free(struct deflate *d)
{
	free(d);
}
