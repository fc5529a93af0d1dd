/* SPDX-License-Identifier: Apache-2.0 */
/* bzip2. A block is read whole: Huffman codes (up to six tables, a new one for every 50
 * symbols) of moved-to-front bytes and runs, into the last column of the sorted rotations
 * (Burrows and Wheeler); that is turned into a chain which is followed as the caller
 * takes bytes. Four equal bytes are followed by a count of further ones. */
#include "core/wire/bzip2.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"

#define UNIT       100000 /* bytes of a block, times the level */
#define TABLES     6
#define SELECTORS  32768 /* 15 bits */
#define GROUP      50
#define SYMBOLS    258
#define LENGTH_MAX 20
#define MAGIC      0x314159265359ull /* of a block */
#define MAGIC_END  0x177245385090ull

enum phase { HEADER, BLOCK, DATA, END };

/* A Huffman table: codes of each length are numbers in a row. */
struct table {
	uint32_t first[LENGTH_MAX + 2]; /* code of that length */
	uint16_t count[LENGTH_MAX + 2];
	uint16_t symbol[SYMBOLS]; /* by length, then by value */
};

struct bzip2 {
	struct feed *f;
	enum phase phase;
	bool any; /* a file has been read */
	uint32_t bits, nbits;
	uint32_t level, table_crc[256];
	uint32_t want, crc, all; /* checksums: of the block, said and made; of all */
	/* the block */
	struct table tables[TABLES];
	unsigned tables_len, selectors_len;
	uint8_t selectors[SELECTORS];
	uint8_t order[256]; /* the bytes used, moved to front */
	unsigned order_len;
	uint32_t *chain; /* byte in the low 8 bits, next in the others */
	uint32_t len, left, at;
	/* runs in the output */
	int last;
	unsigned equal, repeat;
};

struct bzip2 *bzip2_new(struct feed *f)
{
	struct bzip2 *z = mem_new(struct bzip2);

	z->f = f;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i << 24;
		for (int k = 0; k < 8; k++)
			c = c << 1 ^ (c >> 31 ? 0x04c11db7u : 0);
		z->table_crc[i] = c;
	}
	return z;
}

void bzip2_free(struct bzip2 *z)
{
	if (!z)
		return;
	free(z->chain);
	free(z);
}

static int failed(const struct bzip2 *z, const char *what, struct err *e)
{
	if (z->f->failed == -ENODATA)
		return err_set(e, -ENODATA, "bzip2: the data is cut short");
	if (z->f->failed)
		return err_code(e, z->f->failed, "read compressed data");
	return err_set(e, -EINVAL, "bzip2: %s", what);
}

/* The highest bit first; n <= 24. */
static uint32_t take(struct bzip2 *z, unsigned n)
{
	while (z->nbits < n) {
		z->bits = z->bits << 8 | feed_byte(z->f);
		z->nbits += 8;
	}
	z->nbits -= n;
	return z->bits >> z->nbits & ((1u << n) - 1);
}

/* --- files and blocks ----------------------------------------------------------------
 */

static int begin_file(struct bzip2 *z, struct err *e)
{
	z->nbits = 0; /* a file ends at a whole byte */
	if (z->any && feed_is_end(z->f)) {
		z->phase = END;
		return z->f->failed ? failed(z, "", e) : 0;
	}
	if (take(z, 24) != 0x425a68)
		return failed(z, z->any ? "garbage after the end" : "no bzip2 file", e);
	z->level = take(z, 8) - '0';
	if (z->level < 1 || z->level > 9)
		return failed(z, "malformed header", e);
	free(z->chain);
	z->chain = mem_array((size_t)z->level * UNIT, sizeof(*z->chain));
	z->all = 0;
	z->phase = BLOCK;
	return 0;
}

static int read_used(struct bzip2 *z)
{
	uint32_t rows = take(z, 16);

	z->order_len = 0;
	for (unsigned i = 0; i < 16; i++) {
		uint32_t row = rows >> (15 - i) & 1 ? take(z, 16) : 0;
		for (unsigned k = 0; k < 16; k++)
			if (row >> (15 - k) & 1)
				z->order[z->order_len++] = (uint8_t)(i * 16 + k);
	}
	return z->order_len ? 0 : -EINVAL;
}

/* Which table each group of symbols has: moved to front, in ones ended by a zero. */
static int read_selectors(struct bzip2 *z)
{
	uint8_t order[TABLES] = { 0, 1, 2, 3, 4, 5 };

	z->tables_len = take(z, 3);
	z->selectors_len = take(z, 15);
	if (z->tables_len < 2 || z->tables_len > TABLES || !z->selectors_len)
		return -EINVAL;
	for (unsigned i = 0; i < z->selectors_len; i++) {
		unsigned k = 0;
		while (k < z->tables_len && take(z, 1))
			k++;
		if (k == z->tables_len)
			return -EINVAL;
		uint8_t which = order[k];
		memmove(order + 1, order, k);
		order[0] = z->selectors[i] = which;
	}
	return 0;
}

static int make_table(struct table *t, const uint8_t *lengths, unsigned n)
{
	uint32_t code = 0;
	unsigned at = 0;

	*t = (struct table){ 0 };
	for (unsigned len = 1; len <= LENGTH_MAX; len++, code <<= 1) {
		t->first[len] = code;
		for (unsigned i = 0; i < n; i++)
			if (lengths[i] == len)
				t->symbol[at + t->count[len]++] = (uint16_t)i;
		at += t->count[len];
		code += t->count[len];
		if (code > 1u << len)
			return -EINVAL;
	}
	return 0;
}

/* Each length as the difference to the one before. */
static int read_table(struct bzip2 *z, struct table *t)
{
	uint8_t lengths[SYMBOLS];
	unsigned n = z->order_len + 2;
	uint32_t len = take(z, 5);

	for (unsigned i = 0; i < n; i++) {
		while (len >= 1 && len <= LENGTH_MAX && take(z, 1))
			len += take(z, 1) ? UINT32_MAX : 1;
		if (len < 1 || len > LENGTH_MAX)
			return -EINVAL;
		lengths[i] = (uint8_t)len;
	}
	return make_table(t, lengths, n);
}

static int symbol(struct bzip2 *z, const struct table *t)
{
	uint32_t code = 0;
	unsigned at = 0;

	for (unsigned len = 1; len <= LENGTH_MAX; len++) {
		code = code << 1 | take(z, 1);
		if (code - t->first[len] < t->count[len])
			return t->symbol[at + code - t->first[len]];
		at += t->count[len];
	}
	return -EINVAL;
}

/* The number of a run in base two, its digits 1 and 2: adds it. */
static int add_run(struct bzip2 *z, uint32_t n)
{
	if (n > z->level * UNIT - z->len)
		return -EINVAL;
	while (n-- > 0)
		z->chain[z->len++] = z->order[0];
	return 0;
}

static int add_byte(struct bzip2 *z, unsigned k)
{
	uint8_t b = z->order[k];

	memmove(z->order + 1, z->order, k);
	z->order[0] = b;
	return add_run(z, 1);
}

static int read_symbols(struct bzip2 *z)
{
	uint32_t run = 0, digit = 1;
	int s, r = 0;

	for (uint32_t i = 0; r == 0; i++) {
		if (i / GROUP >= z->selectors_len || z->f->failed)
			return -EINVAL;
		s = symbol(z, &z->tables[z->selectors[i / GROUP]]);
		if (s == 0 || s == 1) {
			run += digit << s;
			digit <<= 1;
			if (run > 9 * UNIT)
				return -EINVAL;
			continue;
		}
		r = s < 0 ? s : add_run(z, run);
		run = 0;
		digit = 1;
		if (s == (int)z->order_len + 1)
			return r;
		r = r < 0 ? r : add_byte(z, (unsigned)s - 1);
	}
	return r;
}

/* From the last column to the chain: the first column is the last one sorted. */
static int make_chain(struct bzip2 *z, uint32_t start)
{
	uint32_t before[256] = { 0 }, sum = 0;

	if (start >= z->len)
		return -EINVAL;
	for (uint32_t i = 0; i < z->len; i++)
		before[z->chain[i]]++;
	for (unsigned b = 0; b < 256; b++) {
		uint32_t n = before[b];
		before[b] = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < z->len; i++)
		z->chain[before[z->chain[i] & 0xff]++] |= i << 8;
	z->at = z->chain[start] >> 8;
	z->left = z->len;
	return 0;
}

static int read_block(struct bzip2 *z)
{
	uint32_t start;
	int r;

	z->want = take(z, 16) << 16;
	z->want |= take(z, 16);
	/* Bit: shuffled bytes, of versions before 0.9.5. */
	if (take(z, 1))
		return -EINVAL;
	start = take(z, 24);
	if ((r = read_used(z)) < 0 || (r = read_selectors(z)) < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < z->tables_len; i++)
		r = read_table(z, &z->tables[i]);
	z->len = 0;
	if (r == 0)
		r = read_symbols(z);
	z->crc = UINT32_MAX;
	z->last = -1;
	z->equal = z->repeat = 0;
	return r < 0 ? r : make_chain(z, start);
}

static int begin_block(struct bzip2 *z, struct err *e)
{
	uint64_t magic = (uint64_t)take(z, 24) << 24;

	magic |= take(z, 24);
	if (magic == MAGIC) {
		z->phase = DATA;
		return read_block(z) < 0 ? failed(z, "corrupt data", e) : 0;
	}
	uint32_t want = take(z, 16) << 16;
	want |= take(z, 16);
	if (magic != MAGIC_END || z->f->failed)
		return failed(z, "corrupt data", e);
	if (want != z->all)
		return failed(z, "the checksum does not match", e);
	z->any = true;
	z->phase = HEADER;
	return 0;
}

/* --- output --------------------------------------------------------------------------
 */

static void put(struct bzip2 *z, uint8_t *p, uint8_t b)
{
	*p = b;
	z->crc = z->crc << 8 ^ z->table_crc[z->crc >> 24 ^ b];
}

static size_t copy(struct bzip2 *z, uint8_t *p, size_t n)
{
	size_t k = 0;

	while (k < n && (z->repeat || z->left)) {
		if (z->repeat) {
			put(z, &p[k++], (uint8_t)z->last);
			z->repeat--;
			continue;
		}
		uint8_t b = (uint8_t)z->chain[z->at];
		z->at = z->chain[z->at] >> 8;
		z->left--;
		if (z->equal == 4) {
			z->repeat = b;
			z->equal = 0;
			continue;
		}
		z->equal = b == z->last ? z->equal + 1 : 1;
		z->last = b;
		put(z, &p[k++], b);
	}
	return k;
}

static int end_block(struct bzip2 *z, struct err *e)
{
	if (~z->crc != z->want)
		return failed(z, "the checksum does not match", e);
	z->all = (z->all << 1 | z->all >> 31) ^ z->want;
	z->phase = BLOCK;
	return 0;
}

ssize_t bzip2_read(struct bzip2 *z, void *p, size_t n, struct err *e)
{
	size_t got = 0;
	int r = 0;

	while (r == 0 && got == 0 && z->phase != END) {
		if (z->phase == HEADER) {
			r = begin_file(z, e);
		} else if (z->phase == BLOCK) {
			r = begin_block(z, e);
		} else {
			got = copy(z, p, n);
			r = got == 0 ? end_block(z, e) : 0;
		}
	}
	return r < 0 ? r : (ssize_t)got;
}
