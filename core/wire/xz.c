/* SPDX-License-Identifier: Apache-2.0 */
/* .xz files. Each structure is taken as it comes; its CRC32 is made on the way. The index
 * repeats the sizes of all blocks: only their sums are kept to be compared. */
#include "core/wire/xz.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/wire/hasher.h"
#include "core/wire/lzma.h"

#define FILTER_LZMA2 0x21
#define CHECK_MAX    64

enum phase { STREAM, BLOCK, DATA, END };
enum check { CHECK_NONE = 0, CHECK_CRC32 = 1, CHECK_CRC64 = 4, CHECK_SHA256 = 10 };

/* Of all blocks of a stream. */
struct sums {
	uint64_t blocks, unpadded, unpacked;
};

struct xz {
	struct feed *f;
	enum phase phase;
	unsigned check;
	uint32_t crc; /* of the structure at hand */
	struct lzma *lzma;
	uint64_t begun;            /* f->taken where the block begins */
	uint64_t packed, unpacked; /* sizes its header says; UINT64_MAX: none */
	uint64_t header_end, out;
	uint32_t crc32;
	uint64_t crc64;
	struct hasher *sha256;
	struct sums seen;
	bool any; /* a stream has been read */
	uint32_t table32[256];
	uint64_t table64[256];
};

struct xz *xz_new(struct feed *f)
{
	struct xz *x = mem_new(struct xz);

	x->f = f;
	for (uint32_t i = 0; i < 256; i++) {
		x->table32[i] = i;
		x->table64[i] = i;
		for (int k = 0; k < 8; k++) {
			uint32_t a = x->table32[i];
			uint64_t b = x->table64[i];
			x->table32[i] = a >> 1 ^ (a & 1 ? 0xedb88320u : 0);
			x->table64[i] = b >> 1 ^ (b & 1 ? 0xc96c5795d7870f42ull : 0);
		}
	}
	return x;
}

void xz_free(struct xz *x)
{
	if (!x)
		return;
	lzma_free(x->lzma);
	hasher_free(x->sha256);
	free(x);
}

static int failed(const struct xz *x, int r, const char *what, struct err *e)
{
	r = x->f->failed ? x->f->failed : r;
	if (r == -ENODATA)
		return err_set(e, r, "xz: the data is cut short");
	if (r == -EINVAL)
		return err_set(e, r, "xz: %s", what);
	return err_code(e, r, "read compressed data");
}

/* --- parts ------------------------------------------------------------------------- */

static uint32_t crc32_add(const struct xz *x, uint32_t crc, uint8_t byte)
{
	return crc >> 8 ^ x->table32[(uint8_t)crc ^ byte];
}

/* The next byte of a structure with a checksum. */
static uint8_t byte(struct xz *x)
{
	uint8_t b = feed_byte(x->f);

	x->crc = crc32_add(x, x->crc, b);
	return b;
}

static void begin_crc(struct xz *x)
{
	x->crc = UINT32_MAX;
}

static bool crc_fits(struct xz *x)
{
	uint32_t want = ~x->crc;

	return feed_number(x->f, 4) == want;
}

/* Up to 63 bits, seven in a byte, the lowest first, none longer than it must be. */
static int number(struct xz *x, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 9; i++) {
		uint8_t b = byte(x);
		n |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b & 0x80)
			continue;
		*ret = n;
		return b || i == 0 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static unsigned check_size(unsigned check)
{
	return check ? 4u << ((check - 1) / 3) : 0;
}

/* --- stream ------------------------------------------------------------------------ */

static const uint8_t head_magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

/* Zeros in fours may lie between streams and behind the last; then END. */
static int begin_stream(struct xz *x, struct err *e)
{
	unsigned zeros = 0;
	uint8_t b = 0;

	for (; x->any; zeros++) {
		if (feed_is_end(x->f)) {
			if (x->f->failed || zeros % 4)
				return failed(x, -EINVAL, "malformed padding", e);
			x->phase = END;
			return 0;
		}
		if ((b = feed_byte(x->f)))
			break;
	}
	for (size_t i = 0; i < sizeof(head_magic); i++) {
		if (i || !x->any)
			b = feed_byte(x->f);
		if (b != head_magic[i] || zeros % 4)
			return failed(x, -EINVAL,
				      x->any ? "garbage after the end" : "no xz file", e);
	}
	begin_crc(x);
	bool known = !byte(x);
	x->check = byte(x);
	if (!crc_fits(x) || !known || x->check > 15)
		return failed(x, -EINVAL, "malformed header", e);
	x->seen = (struct sums){ 0 };
	x->phase = BLOCK;
	return 0;
}

/* begun: f->taken where the index begins. */
static int end_stream(struct xz *x, uint64_t begun, struct err *e)
{
	uint64_t size = x->f->taken - begun;
	uint32_t want = (uint32_t)feed_number(x->f, 4);

	begin_crc(x);
	uint64_t said = 0;
	for (unsigned i = 0; i < 4; i++)
		said |= (uint64_t)byte(x) << (8 * i);
	bool fits = !byte(x) && byte(x) == x->check && ~x->crc == want &&
		    (said + 1) * 4 == size;
	if (feed_byte(x->f) != 'Y' || feed_byte(x->f) != 'Z' || !fits)
		return failed(x, -EINVAL, "malformed footer", e);
	x->any = true;
	x->phase = STREAM;
	return 0;
}

/* Its first byte, a zero, is taken already. */
static int read_index(struct xz *x, struct err *e)
{
	uint64_t begun = x->f->taken - 1, n, unpadded, unpacked;
	struct sums sums = { 0 };
	bool fits = number(x, &n) == 0 && n == x->seen.blocks;

	for (; fits && sums.blocks < n && !x->f->failed; sums.blocks++) {
		fits = number(x, &unpadded) == 0 && number(x, &unpacked) == 0;
		sums.unpadded += fits ? unpadded : 0;
		sums.unpacked += fits ? unpacked : 0;
	}
	while (fits && (x->f->taken - begun) % 4)
		fits = !byte(x);
	fits = fits && sums.unpadded == x->seen.unpadded &&
	       sums.unpacked == x->seen.unpacked;
	if (!fits || !crc_fits(x))
		return failed(x, -EINVAL, "malformed index", e);
	return end_stream(x, begun, e);
}

/* --- blocks ------------------------------------------------------------------------ */

/* LZMA2 alone: the size of its dictionary, or -errno. */
static int64_t read_filter(struct xz *x)
{
	uint64_t id, props;
	uint8_t bits;

	if (number(x, &id) < 0 || number(x, &props) < 0)
		return -EINVAL;
	if (id != FILTER_LZMA2 || props != 1)
		return -EOPNOTSUPP;
	bits = byte(x);
	if (bits > 40)
		return -EINVAL;
	return bits == 40 ? UINT32_MAX : (int64_t)(2 | (bits & 1)) << (bits / 2 + 11);
}

static int begin_data(struct xz *x, int64_t dict, struct err *e)
{
	if (dict > LZMA_DICT_MAX)
		return err_set(e, -EINVAL, "xz: the dictionary is larger than 128 MiB");
	lzma_free(x->lzma);
	x->lzma = lzma_new(x->f, (uint32_t)dict);
	x->header_end = x->f->taken;
	x->out = 0;
	x->crc32 = UINT32_MAX;
	x->crc64 = UINT64_MAX;
	if (x->check == CHECK_SHA256 && !x->sha256)
		x->sha256 = hasher_new(DIGEST_SHA256);
	x->phase = DATA;
	return 0;
}

static int begin_block(struct xz *x, struct err *e)
{
	begin_crc(x);
	uint8_t size = byte(x);
	if (!size)
		return x->f->failed ? failed(x, -EINVAL, "", e) : read_index(x, e);
	x->begun = x->f->taken - 1;
	uint64_t end = x->begun + ((uint64_t)size + 1) * 4 - 4;
	uint8_t flags = byte(x);
	x->packed = x->unpacked = UINT64_MAX;
	bool fits = !(flags & 0x3c);
	if (fits && flags & 0x40)
		fits = number(x, &x->packed) == 0;
	if (fits && flags & 0x80)
		fits = number(x, &x->unpacked) == 0;
	int64_t dict = !fits ? -EINVAL : flags & 3 ? -EOPNOTSUPP : read_filter(x);
	if (dict == -EOPNOTSUPP && !x->f->failed)
		return err_set(e, -EOPNOTSUPP,
			       "xz: only files of the plain kind (filter LZMA2 alone) "
			       "are unpacked");
	while (dict >= 0 && x->f->taken < end)
		dict = byte(x) ? -EINVAL : dict;
	if (dict < 0 || x->f->taken != end || !crc_fits(x))
		return failed(x, -EINVAL, "malformed block header", e);
	return begin_data(x, dict, e);
}

static bool check_fits(struct xz *x)
{
	uint8_t said[CHECK_MAX];
	unsigned n = check_size(x->check);
	struct digest d;

	if (x->check == CHECK_CRC32)
		return feed_number(x->f, 4) == (uint32_t)~x->crc32;
	if (x->check == CHECK_CRC64)
		return feed_number(x->f, 8) == ~x->crc64;
	for (unsigned i = 0; i < n; i++)
		said[i] = feed_byte(x->f);
	if (x->check != CHECK_SHA256)
		return true; /* of a kind that nobody has defined yet */
	hasher_finish(x->sha256, &d);
	return !memcmp(d.bytes, said, n);
}

static int end_block(struct xz *x, struct err *e)
{
	uint64_t packed = x->f->taken - x->header_end;
	bool fits = (x->packed == UINT64_MAX || x->packed == packed) &&
		    (x->unpacked == UINT64_MAX || x->unpacked == x->out);

	x->seen.blocks++;
	x->seen.unpadded += x->f->taken - x->begun + check_size(x->check);
	x->seen.unpacked += x->out;
	for (; fits && packed % 4; packed++)
		fits = !feed_byte(x->f);
	if (!fits)
		return failed(x, -EINVAL, "malformed block", e);
	if (!check_fits(x))
		return failed(x, -EINVAL, "the checksum does not match", e);
	x->phase = BLOCK;
	return 0;
}

static void sum(struct xz *x, const uint8_t *p, size_t n)
{
	x->out += n;
	if (x->check == CHECK_SHA256)
		hasher_add(x->sha256, p, n);
	for (size_t i = 0; x->check == CHECK_CRC32 && i < n; i++)
		x->crc32 = crc32_add(x, x->crc32, p[i]);
	for (size_t i = 0; x->check == CHECK_CRC64 && i < n; i++)
		x->crc64 = x->crc64 >> 8 ^ x->table64[(uint8_t)x->crc64 ^ p[i]];
}

ssize_t xz_read(struct xz *x, void *p, size_t n, struct err *e)
{
	ssize_t got = 0;
	int r = 0;

	while (r == 0 && got == 0 && x->phase != END) {
		if (x->phase == STREAM) {
			r = begin_stream(x, e);
		} else if (x->phase == BLOCK) {
			r = begin_block(x, e);
		} else {
			got = lzma_read(x->lzma, p, n);
			if (got < 0)
				return failed(x, (int)got, "corrupt data", e);
			sum(x, p, (size_t)got);
			r = got == 0 ? end_block(x, e) : 0;
		}
	}
	return r < 0 ? r : got;
}
