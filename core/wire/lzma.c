/* SPDX-License-Identifier: Apache-2.0 */
/* LZMA2: chunks of at most 2 MiB, each of them plain bytes or LZMA symbols, over one
 * dictionary, which is a ring. A byte goes to the ring and to the caller at once; a match
 * that the caller has no room for is kept and continued.
 *
 * The range coder holds 32 bits of the input in code; each decision is taken with an
 * 11-bit probability that moves towards what was seen. Names are those of the LZMA
 * specification: rep0…rep3 are the last four distances, state (0…11) says what the last
 * symbols were. */
#include "core/wire/lzma.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"

#define STATES     12
#define LITERAL_AT 7 /* states below: the last symbol was a literal */
#define POS_STATES 16
#define LEN_SLOTS  4
#define FULL       128 /* distances below have a model of their own */
#define LITERALS   (0x300u << 4)
#define HALF       1024 /* a probability that knows nothing */
#define TOP        (1u << 24)
#define MATCH_MIN  2

struct length {
	uint16_t choice, choice2;
	uint16_t low[POS_STATES][8], mid[POS_STATES][8], high[256];
};

/* All probabilities: reset as one. */
struct model {
	uint16_t match[STATES][POS_STATES], rep[STATES], rep0[STATES], rep1[STATES],
		rep2[STATES], rep0_long[STATES][POS_STATES];
	uint16_t slot[LEN_SLOTS][64], special[FULL], align[16];
	struct length len, rep_len;
	uint16_t literal[LITERALS];
};

struct lzma {
	struct feed *f;
	struct model m;
	uint32_t range, code;
	unsigned state, lc, lp, pb;
	uint32_t rep[4];
	uint32_t match_left;             /* of rep[0], still to be copied */
	uint32_t plain_left, chunk_left; /* bytes to come out of the chunk */
	uint64_t chunk_end;              /* f->taken where its symbols end */
	bool has_dict, has_props, has_state, ended;
	uint64_t filled; /* bytes since the dictionary was reset */
	uint32_t size, at;
	uint8_t *dict;
};

struct lzma *lzma_new(struct feed *f, uint32_t dict_size)
{
	struct lzma *z = mem_new(struct lzma);

	z->f = f;
	z->size = dict_size < 4096 ? 4096 : dict_size;
	z->dict = mem_alloc(z->size);
	return z;
}

void lzma_free(struct lzma *z)
{
	if (!z)
		return;
	free(z->dict);
	free(z);
}

/* --- the range coder ------------------------------------------------------------- */

static void normalise(struct lzma *z)
{
	if (z->range < TOP) {
		z->range <<= 8;
		z->code = z->code << 8 | feed_byte(z->f);
	}
}

static unsigned bit(struct lzma *z, uint16_t *prob)
{
	uint32_t bound;

	normalise(z);
	bound = (z->range >> 11) * *prob;
	if (z->code < bound) {
		z->range = bound;
		*prob = (uint16_t)(*prob + ((2048 - *prob) >> 5));
		return 0;
	}
	z->range -= bound;
	z->code -= bound;
	*prob = (uint16_t)(*prob - (*prob >> 5));
	return 1;
}

static uint32_t direct_bits(struct lzma *z, unsigned n)
{
	uint32_t x = 0;

	for (; n > 0; n--) {
		normalise(z);
		z->range >>= 1;
		uint32_t one = z->code >= z->range;
		z->code -= one ? z->range : 0;
		x = x << 1 | one;
	}
	return x;
}

/* n bits, the highest first, each with a model by those before it. */
static unsigned tree(struct lzma *z, uint16_t *probs, unsigned n)
{
	unsigned x = 1;

	for (unsigned i = 0; i < n; i++)
		x = x << 1 | bit(z, &probs[x]);
	return x - (1u << n);
}

static unsigned reverse_tree(struct lzma *z, uint16_t *probs, unsigned n)
{
	unsigned x = 1, sum = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned b = bit(z, &probs[x]);
		x = x << 1 | b;
		sum |= b << i;
	}
	return sum;
}

/* --- symbols ---------------------------------------------------------------------- */

static uint8_t back(const struct lzma *z, uint32_t distance)
{
	uint32_t i = z->at > distance ? z->at - distance - 1
				      : z->size - (distance - z->at) - 1;

	return z->dict[i];
}

static void put(struct lzma *z, uint8_t byte)
{
	z->dict[z->at++] = byte;
	if (z->at == z->size)
		z->at = 0;
	z->filled++;
}

static uint8_t literal(struct lzma *z)
{
	unsigned before = z->filled ? back(z, 0) : 0;
	unsigned low = (unsigned)z->filled & ((1u << z->lp) - 1);
	uint16_t *probs =
		&z->m.literal[0x300 * ((low << z->lc) + (before >> (8 - z->lc)))];
	unsigned x = 1;

	/* Behind a match the byte that would have continued it is known not to come. */
	if (z->state >= LITERAL_AT) {
		unsigned other = back(z, z->rep[0]);
		while (x < 0x100) {
			unsigned o = other >> 7 & 1, b;
			other <<= 1;
			b = bit(z, &probs[((1 + o) << 8) + x]);
			x = x << 1 | b;
			if (b != o)
				break;
		}
	}
	while (x < 0x100)
		x = x << 1 | bit(z, &probs[x]);
	z->state = z->state < 4 ? 0 : z->state < 10 ? z->state - 3 : z->state - 6;
	return (uint8_t)x;
}

static uint32_t length(struct lzma *z, struct length *l, unsigned pos)
{
	if (!bit(z, &l->choice))
		return MATCH_MIN + tree(z, l->low[pos], 3);
	if (!bit(z, &l->choice2))
		return MATCH_MIN + 8 + tree(z, l->mid[pos], 3);
	return MATCH_MIN + 16 + tree(z, l->high, 8);
}

static uint32_t distance(struct lzma *z, uint32_t len)
{
	unsigned kind = len - MATCH_MIN < LEN_SLOTS ? len - MATCH_MIN : LEN_SLOTS - 1;
	unsigned slot = tree(z, z->m.slot[kind], 6), n = (slot >> 1) - 1;
	uint32_t d;

	if (slot < 4)
		return slot;
	d = (2 | (slot & 1)) << n;
	if (slot < 14) /* index 0 of a tree is never used: the models lie end to end */
		return d + reverse_tree(z, z->m.special + d - slot, n);
	d += direct_bits(z, n - 4) << 4;
	return d + reverse_tree(z, z->m.align, 4);
}

/* One of the last four distances comes again, and to the front. Returns the length. */
static uint32_t repeated(struct lzma *z, unsigned pos)
{
	unsigned which;

	if (!bit(z, &z->m.rep0[z->state])) {
		if (!bit(z, &z->m.rep0_long[z->state][pos])) {
			z->state = z->state < LITERAL_AT ? 9 : 11;
			return 1;
		}
		which = 0;
	} else if (!bit(z, &z->m.rep1[z->state])) {
		which = 1;
	} else {
		which = 2 + bit(z, &z->m.rep2[z->state]);
	}
	uint32_t d = z->rep[which];
	memmove(z->rep + 1, z->rep, which * sizeof(*z->rep));
	z->rep[0] = d;
	z->state = z->state < LITERAL_AT ? 8 : 11;
	return length(z, &z->m.rep_len, pos);
}

static uint32_t matched(struct lzma *z, unsigned pos)
{
	uint32_t len = length(z, &z->m.len, pos);

	memmove(z->rep + 1, z->rep, 3 * sizeof(*z->rep));
	z->rep[0] = distance(z, len);
	z->state = z->state < LITERAL_AT ? 7 : 10;
	return len;
}

/* 1: *ret is a literal. 0: a match is to be copied. */
static int symbol(struct lzma *z, uint8_t *ret)
{
	unsigned pos = (unsigned)z->filled & ((1u << z->pb) - 1);

	if (!bit(z, &z->m.match[z->state][pos])) {
		*ret = literal(z);
		return 1;
	}
	z->match_left = bit(z, &z->m.rep[z->state]) ? repeated(z, pos) : matched(z, pos);
	/* The end mark of bare LZMA, too, is a distance that leads out: LZMA2 has none.
	 */
	if (z->rep[0] >= z->filled || z->rep[0] >= z->size ||
	    z->match_left > z->chunk_left)
		return -EINVAL;
	return 0;
}

/* --- chunks ------------------------------------------------------------------------ */

static void reset_state(struct lzma *z)
{
	uint16_t *p = (uint16_t *)&z->m;

	for (size_t i = 0; i < sizeof(z->m) / sizeof(*p); i++)
		p[i] = HALF;
	memset(z->rep, 0, sizeof(z->rep));
	z->state = 0;
	z->has_state = true;
}

static int set_props(struct lzma *z)
{
	unsigned props = feed_byte(z->f);

	if (props >= 9 * 5 * 5)
		return -EINVAL;
	z->lc = props % 9;
	z->lp = props / 9 % 5;
	z->pb = props / 45;
	z->has_props = true;
	return z->lc + z->lp > 4 ? -EINVAL : 0;
}

static uint32_t big16(struct lzma *z)
{
	uint32_t high = feed_byte(z->f);

	return high << 8 | feed_byte(z->f);
}

/* Symbols: what is reset says the control byte. */
static int begin_symbols(struct lzma *z, unsigned control)
{
	unsigned reset = control >> 5 & 3;
	uint32_t packed;
	int r;

	z->chunk_left = ((control & 0x1f) << 16) + big16(z) + 1;
	packed = big16(z) + 1;
	if (reset >= 2 && (r = set_props(z)) < 0)
		return r;
	if (reset >= 1)
		reset_state(z);
	if (!z->has_props || !z->has_state)
		return -EINVAL;
	z->chunk_end = z->f->taken + packed;
	if (feed_byte(z->f))
		return -EINVAL;
	z->range = UINT32_MAX;
	z->code = 0;
	for (int i = 0; i < 4; i++)
		z->code = z->code << 8 | feed_byte(z->f);
	return 0;
}

static int begin_chunk(struct lzma *z)
{
	unsigned control = feed_byte(z->f);

	if (z->f->failed)
		return z->f->failed;
	z->ended = control == 0;
	if (z->ended)
		return 0;
	if (control > 2 && control < 0x80)
		return -EINVAL;
	if (control == 1 || control >= 0xe0) {
		z->filled = z->at = 0;
		z->has_dict = true;
		z->has_state = false; /* distances of before lead nowhere now */
	}
	if (!z->has_dict)
		return -EINVAL;
	if (control >= 0x80)
		return begin_symbols(z, control);
	z->plain_left = big16(z) + 1;
	return 0;
}

/* The coder has taken all it was given, and nothing is left in it. */
static int end_symbols(struct lzma *z)
{
	normalise(z);
	return z->f->taken == z->chunk_end && z->code == 0 ? 0 : -EINVAL;
}

static int copy_plain(struct lzma *z, uint8_t *p, size_t n)
{
	size_t k = 0;

	for (; k < n && z->plain_left; z->plain_left--) {
		p[k] = feed_byte(z->f);
		put(z, p[k++]);
	}
	return (int)k;
}

static int copy_match(struct lzma *z, uint8_t *p, size_t n)
{
	size_t k = 0;

	for (; k < n && z->match_left; z->match_left--) {
		p[k] = back(z, z->rep[0]);
		put(z, p[k++]);
	}
	z->chunk_left -= (uint32_t)k;
	return (int)k;
}

/* Symbols until the room or the chunk is at its end. */
static int copy_symbols(struct lzma *z, uint8_t *p, size_t n)
{
	size_t k = 0;
	int r;

	while (k < n && z->chunk_left) {
		if (z->match_left) {
			k += (size_t)copy_match(z, p + k, n - k);
			continue;
		}
		if ((r = symbol(z, &p[k])) < 0)
			return r;
		if (r > 0) {
			put(z, p[k++]);
			z->chunk_left--;
		}
	}
	if (!z->chunk_left && (r = end_symbols(z)) < 0)
		return r;
	return (int)k;
}

ssize_t lzma_read(struct lzma *z, uint8_t *p, size_t n)
{
	int r = 0;

	n = n > (1u << 20) ? 1u << 20 : n;
	while (r == 0 && !z->ended && n > 0) {
		if (z->plain_left)
			r = copy_plain(z, p, n);
		else if (z->chunk_left)
			r = copy_symbols(z, p, n);
		else
			r = begin_chunk(z);
		if (z->f->failed)
			return z->f->failed;
	}
	return r;
}
