/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/compression.h"

#include <errno.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/gzip.h"
#include "tests/unit/test.h"

struct source {
	const struct buf *from;
	size_t pos, step;
	int fail; /* instead of the end */
};

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t left = s->from->len - s->pos;

	if (left == 0 && s->fail)
		return s->fail;
	n = n < left ? n : left;
	n = s->step && n > s->step ? s->step : n;
	if (n > 0)
		memcpy(p, s->from->data + s->pos, n);
	s->pos += n;
	return (ssize_t)n;
}

static int keep(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static int refuse(void *arg, const void *p, size_t n)
{
	return -ENOSPC;
}

/* Decodes all of in; input in pieces of step, output in pieces of room. */
static int decode(const struct buf *in, size_t step, size_t room, struct buf *out,
		  struct err *e)
{
	struct source s = { .from = in, .step = step };
	struct decoder *d = decoder_new(give, &s, 0);
	autofree char *p = mem_alloc(room);
	ssize_t n;

	err_clear(e);
	while ((n = decoder_read(d, p, room, e)) > 0)
		buf_add(out, p, (size_t)n);
	decoder_free(d);
	return (int)n;
}

static void encode(enum compression kind, int level, const struct buf *in, size_t step,
		   struct buf *out)
{
	struct encoder *c = encoder_new(kind, level, keep, out);
	struct err e = { 0 };

	for (size_t i = 0; i < in->len; i += step)
		CHECK_INT(encoder_write(c, in->data + i,
					step < in->len - i ? step : in->len - i, &e),
			  0);
	CHECK_INT(encoder_finish(c, &e), 0);
	encoder_free(c);
}

/* Text that compresses somewhat, n bytes, the same each time. */
static void sample(struct buf *b, size_t n)
{
	uint32_t x = 1;

	while (b->len < n) {
		x = x * 1103515245 + 12345;
		if (x >> 28 < 12)
			buf_addf(b, "line %u of it\n", x >> 24);
		else
			buf_addc(b, (char)(x >> 16));
	}
	b->len = n;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(buf_str(a), buf_str(b), a->len) == 0;
}

static const uint8_t hello_gz[] = { 0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 0,
				    3,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86,
				    0xa6, 0x10, 0x36, 5,    0,    0,    0 };

TEST(magic)
{
	CHECK_INT(compression_detect((const uint8_t *)"\x1f\x8b\x08\0", 4),
		  COMPRESSION_GZIP);
	CHECK_INT(compression_detect((const uint8_t *)"\x28\xb5\x2f\xfd", 4),
		  COMPRESSION_ZSTD);
	CHECK_INT(compression_detect((const uint8_t *)"\x5e\x2a\x4d\x18", 4),
		  COMPRESSION_ZSTD);
	CHECK_INT(compression_detect((const uint8_t *)"\x28\xb5\x2f", 3),
		  COMPRESSION_NONE);
	CHECK_INT(compression_detect((const uint8_t *)"ustar", 5), COMPRESSION_NONE);
	CHECK_INT(compression_detect((const uint8_t *)"\xfd\x37zXZ", 6), COMPRESSION_XZ);
	CHECK_INT(compression_detect((const uint8_t *)"BZh91AY&SY", 10),
		  COMPRESSION_BZIP2);
	CHECK_INT(compression_detect((const uint8_t *)"BZh91AY&S.", 10),
		  COMPRESSION_NONE);
	CHECK_INT(compression_detect((const uint8_t *)"", 0), COMPRESSION_NONE);
}

TEST(round_trips)
{
	static const size_t sizes[] = { 0, 1, 100, 65536, 300001, 3000000 };
	static const enum compression kinds[] = { COMPRESSION_NONE, COMPRESSION_GZIP,
						  COMPRESSION_ZSTD };
	struct err e = { 0 };

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			autobuf in = { 0 }, packed = { 0 }, out = { 0 };

			sample(&in, sizes[i]);
			encode(kinds[k], 0, &in, 70000, &packed);
			CHECK_INT(decode(&packed, 0, 65536, &out, &e), 0);
			CHECK(same(&in, &out));
			if (kinds[k] != COMPRESSION_NONE && sizes[i] > 1000)
				CHECK(packed.len < in.len);
		}
	}
}

TEST(every_level)
{
	struct err e = { 0 };
	autobuf in = { 0 };

	sample(&in, 200000);
	for (int level = -1; level < 25; level++) {
		autobuf gz = { 0 }, zst = { 0 }, out = { 0 };

		encode(COMPRESSION_GZIP, level, &in, 200000, &gz);
		encode(COMPRESSION_ZSTD, level, &in, 200000, &zst);
		CHECK_INT(decode(&gz, 0, 4096, &out, &e), 0);
		CHECK(same(&in, &out));
		buf_reset(&out);
		CHECK_INT(decode(&zst, 0, 4096, &out, &e), 0);
		CHECK(same(&in, &out));
	}
}

TEST(pieces_of_any_size)
{
	static const size_t steps[] = { 1, 2, 7, 13, 1000 };
	struct err e = { 0 };
	autobuf in = { 0 };

	sample(&in, 20000);
	for (int kind = COMPRESSION_NONE; kind <= COMPRESSION_ZSTD; kind++) {
		autobuf packed = { 0 };

		encode((enum compression)kind, 0, &in, 1, &packed);
		for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
			for (size_t j = 0; j < ARRAY_LEN(steps); j++) {
				autobuf out = { 0 };

				CHECK_INT(decode(&packed, steps[i], steps[j], &out, &e),
					  0);
				CHECK(same(&in, &out));
			}
		}
	}
}

TEST(output_is_deterministic)
{
	for (int kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
		autobuf in = { 0 }, a = { 0 }, b = { 0 };

		sample(&in, 500000);
		encode((enum compression)kind, 0, &in, 65536, &a);
		encode((enum compression)kind, 0, &in, 65536, &b);
		CHECK(same(&a, &b));
	}
}

TEST(gzip_members_and_padding)
{
	struct err e = { 0 };
	autobuf in = { 0 }, again = { 0 };

	for (int i = 0; i < 3; i++)
		buf_add(&in, hello_gz, sizeof(hello_gz));
	for (size_t step = 1; step < 30; step++) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 3, &out, &e), 0);
		CHECK_STR(buf_str(&out), "hellohellohello");
	}
	for (int i = 0; i < 1000; i++)
		buf_addc(&in, 0);
	for (size_t step = 1; step < 40; step += 3) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 3, &out, &e), 0);
		CHECK_STR(buf_str(&out), "hellohellohello");
	}
	buf_addc(&in, 1);
	for (size_t step = 1; step < 40; step += 3) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 3, &out, &e), -EINVAL);
		CHECK_STR(e.text, "gzip: garbage after the end");
	}
	/* A member after padding is garbage too. */
	in.len--;
	buf_add(&in, hello_gz, sizeof(hello_gz));
	CHECK_INT(decode(&in, 0, 100, &again, &e), -EINVAL);
}

TEST(gzip_header_with_everything)
{
	/* FEXTRA FNAME FCOMMENT FHCRC */
	static const uint8_t head[] = { 0x1f, 0x8b, 8,   0x1e, 1,   2,   3, 4,   0,   3,
					3,    0,    'a', 'b',  'c', 'n', 0, 'c', 'o', 0 };
	static const uint8_t bad[] = { 0, 0 };
	struct err e = { 0 };
	uint32_t crc = ~0u;
	autobuf in = { 0 };

	buf_add(&in, head, sizeof(head));
	for (size_t i = 0; i < sizeof(head); i++) {
		crc ^= head[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	crc = ~crc;
	buf_addc(&in, (char)crc);
	buf_addc(&in, (char)(crc >> 8));
	buf_add(&in, hello_gz + 10, sizeof(hello_gz) - 10);
	for (size_t step = 1; step <= in.len; step++) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 100, &out, &e), 0);
		CHECK_STR(buf_str(&out), "hello");
	}
	memcpy(in.data + sizeof(head), bad, 2);
	for (size_t step = 1; step <= in.len; step++) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 100, &out, &e), -EINVAL);
	}
}

/* A stream cut anywhere is told from a whole one. */
TEST(cut_short)
{
	struct err e = { 0 };

	for (int kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
		autobuf in = { 0 }, packed = { 0 };
		size_t whole;

		sample(&in, 3000);
		encode((enum compression)kind, 0, &in, 3000, &packed);
		whole = packed.len;
		for (packed.len = 4; packed.len < whole; packed.len++) {
			autobuf out = { 0 };

			CHECK_INT(decode(&packed, 0, 65536, &out, &e), -ENODATA);
		}
	}
}

/* One flipped bit never passes as the same data. */
TEST(corrupt)
{
	struct err e = { 0 };

	for (int kind = COMPRESSION_GZIP; kind <= COMPRESSION_ZSTD; kind++) {
		autobuf in = { 0 }, packed = { 0 };

		sample(&in, 600);
		encode((enum compression)kind, 0, &in, 600, &packed);
		for (size_t i = 4; i < packed.len; i++) {
			autobuf out = { 0 };
			int r;

			/* Bytes 4 to 9 of gzip: time, flags, system; they say nothing. */
			if (kind == COMPRESSION_GZIP && i < 10)
				continue;
			packed.data[i] ^= 0x10;
			r = decode(&packed, 0, 65536, &out, &e);
			packed.data[i] ^= 0x10;
			if (r == 0 && !same(&in, &out))
				test_fail(__FILE__, __LINE__, "kind %d byte %zu", kind,
					  i);
		}
	}
}

TEST(gzip_length_field_counts)
{
	struct err e = { 0 };
	autobuf in = { 0 }, out = { 0 };

	buf_add(&in, hello_gz, sizeof(hello_gz));
	in.data[in.len - 4]++;
	CHECK_INT(decode(&in, 0, 100, &out, &e), -EINVAL);
	CHECK_STR(e.text, "gzip: the checksum does not match");
	in.data[in.len - 4]--;
	in.data[2] = 7;
	CHECK_INT(decode(&in, 0, 100, &out, &e), -EINVAL);
	CHECK_STR(e.text, "gzip: malformed header");
}

TEST(bombs_hit_the_limit)
{
	struct err e = { 0 };

	for (int kind = COMPRESSION_NONE; kind <= COMPRESSION_ZSTD; kind++) {
		autobuf in = { 0 }, packed = { 0 };
		struct source s = { .from = &packed };
		struct decoder *d;
		uint64_t sum = 0;
		char p[4096];
		ssize_t n;

		buf_reserve(&in, 10000000);
		memset(in.data, 0, 10000000);
		in.len = 10000000;
		encode((enum compression)kind, 0, &in, 10000000, &packed);
		if (kind != COMPRESSION_NONE)
			CHECK(packed.len < 100000);
		d = decoder_new(give, &s, 9999999);
		while ((n = decoder_read(d, p, sizeof(p), &e)) > 0)
			sum += (uint64_t)n;
		CHECK_INT(n, -EFBIG);
		CHECK(sum <= 9999999);
		CHECK_INT(decoder_read(d, p, sizeof(p), &e), -EFBIG);
		decoder_free(d);
		s = (struct source){ .from = &packed };
		d = decoder_new(give, &s, 10000000);
		while ((n = decoder_read(d, p, sizeof(p), &e)) > 0)
			;
		CHECK_INT(n, 0);
		decoder_free(d);
	}
}

TEST(zstd_window_has_a_limit)
{
	/* A frame header by hand: window 2^27 and then 2^28, one raw block of "hi". */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3,
					 0x11, 0,    0,    'h',  'i' };
	struct err e = { 0 };
	autobuf in = { 0 }, out = { 0 };

	buf_add(&in, frame, sizeof(frame));
	CHECK_INT(decode(&in, 0, 100, &out, &e), 0);
	CHECK_STR(buf_str(&out), "hi");
	in.data[5] = (char)(18 << 3);
	CHECK_INT(decode(&in, 0, 100, &out, &e), -EINVAL);
	CHECK_STR(e.text, "zstd: the window is larger than 128 MiB");
	in.data[5] = (char)(31 << 3);
	CHECK_INT(decode(&in, 0, 100, &out, &e), -EINVAL);
}

TEST(zstd_frames_in_a_row)
{
	static const uint8_t skip[] = {
		0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'
	};
	struct err e = { 0 };
	autobuf text = { 0 }, in = { 0 }, again = { 0 };

	buf_adds(&text, "hello");
	buf_add(&in, skip, sizeof(skip));
	encode(COMPRESSION_ZSTD, 0, &text, 5, &in);
	encode(COMPRESSION_ZSTD, 0, &text, 5, &in);
	buf_add(&in, skip, sizeof(skip));
	for (size_t step = 1; step < 30; step++) {
		autobuf out = { 0 };

		CHECK_INT(decode(&in, step, 2, &out, &e), 0);
		CHECK_STR(buf_str(&out), "hellohello");
	}
	buf_adds(&in, "junk");
	CHECK_INT(decode(&in, 0, 100, &again, &e), -EINVAL);
}

TEST(errors_of_the_ends_come_through)
{
	autobuf in = { 0 }, packed = { 0 };
	struct source s = { .from = &packed, .fail = -ECONNRESET };
	struct err e = { 0 };
	struct encoder *c;
	struct decoder *d;
	char p[100000];
	ssize_t n;

	sample(&in, 50000);
	encode(COMPRESSION_GZIP, 0, &in, 50000, &packed);
	packed.len /= 2;
	d = decoder_new(give, &s, 0);
	while ((n = decoder_read(d, p, sizeof(p), &e)) > 0)
		;
	CHECK_INT(n, -ECONNRESET);
	CHECK(str_starts(e.text, "read compressed data: "));
	decoder_free(d);

	packed.len = 0;
	s = (struct source){ .from = &packed, .fail = -EIO };
	d = decoder_new(give, &s, 0);
	CHECK_INT(decoder_read(d, p, sizeof(p), &e), -EIO);
	decoder_free(d);

	for (int kind = COMPRESSION_NONE; kind <= COMPRESSION_ZSTD; kind++) {
		int r;

		c = encoder_new((enum compression)kind, 0, refuse, NULL);
		r = encoder_write(c, in.data, in.len, &e);
		if (r == 0)
			r = encoder_finish(c, &e);
		CHECK_INT(r, -ENOSPC);
		encoder_free(c);
	}
}

TEST(empty_input_is_an_empty_plain_stream)
{
	struct err e = { 0 };
	autobuf in = { 0 }, out = { 0 };

	CHECK_INT(decode(&in, 0, 10, &out, &e), 0);
	CHECK_INT(out.len, 0);
}

/* "line N of it\n" with N from 0 to 149, by xz, by xz in blocks of 1000 bytes with
 * SHA-256, and by bzip2. */
static const uint8_t lines_xz[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02,
	0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x08,
	0x5b, 0x00, 0xbf, 0x5d, 0x00, 0x36, 0x1a, 0x4a, 0x1f, 0x08, 0xa0, 0x26, 0x03,
	0x4d, 0x06, 0x9d, 0xf3, 0xa0, 0x61, 0x52, 0xd8, 0xe2, 0x3c, 0x98, 0x55, 0x4e,
	0xee, 0xe7, 0x87, 0x7d, 0x42, 0xad, 0x83, 0xbf, 0x0c, 0x45, 0x94, 0x17, 0xe3,
	0xc5, 0x5a, 0x9e, 0xaa, 0xaf, 0xd4, 0xa2, 0x63, 0x56, 0x0f, 0x18, 0xef, 0xb7,
	0xda, 0xeb, 0xfb, 0x2c, 0xff, 0xc0, 0x6b, 0x09, 0x6b, 0x98, 0xa3, 0x1d, 0x14,
	0xd1, 0x62, 0x6e, 0x68, 0x4f, 0x7e, 0x3b, 0x3e, 0x8e, 0x86, 0x6a, 0x0d, 0x8a,
	0xd6, 0x8f, 0x7b, 0x15, 0x82, 0x03, 0xd3, 0xa9, 0x05, 0x25, 0x1a, 0xf3, 0x6c,
	0x81, 0xb8, 0xe9, 0x77, 0xe4, 0x57, 0xa5, 0x1b, 0xb8, 0x3a, 0x1e, 0x5c, 0x67,
	0x84, 0x4c, 0x3e, 0xe9, 0x2d, 0x6b, 0x76, 0x73, 0x10, 0x64, 0x61, 0x07, 0xcc,
	0x3a, 0x66, 0xc9, 0x2c, 0x68, 0x8f, 0xe5, 0x62, 0x2d, 0x7b, 0x59, 0x2b, 0x92,
	0x17, 0x6e, 0xb4, 0x93, 0xba, 0xcb, 0xc4, 0x33, 0xff, 0x07, 0x62, 0xe4, 0xcd,
	0x3d, 0x2e, 0x6e, 0x59, 0x72, 0x0b, 0x9b, 0xd9, 0x27, 0x87, 0x4e, 0x78, 0x32,
	0x28, 0xb1, 0x14, 0xe9, 0x2a, 0xf6, 0x86, 0x2a, 0xf4, 0x55, 0x4a, 0xda, 0x3a,
	0x8f, 0x3c, 0xff, 0x98, 0xae, 0xf1, 0xef, 0xa0, 0x5f, 0x56, 0x8e, 0xc6, 0x3c,
	0xb6, 0x09, 0xdb, 0xed, 0xc5, 0x3a, 0x91, 0x6c, 0x4c, 0x38, 0xeb, 0xa6, 0x5b,
	0x00, 0x00, 0x00, 0xcf, 0xb9, 0xc5, 0x68, 0x8e, 0x6c, 0xbd, 0xb3, 0x00, 0x01,
	0xdb, 0x01, 0xdc, 0x10, 0x00, 0x00, 0xd0, 0xb4, 0x68, 0xf6, 0xb1, 0xc4, 0x67,
	0xfb, 0x02, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5a
};
static const uint8_t lines_blocks_xz[] = {
	0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x0a, 0xe1, 0xfb, 0x0c, 0xa1, 0x02,
	0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x03,
	0xe7, 0x00, 0x76, 0x5d, 0x00, 0x36, 0x1a, 0x4a, 0x1f, 0x08, 0xa0, 0x26, 0x03,
	0x4d, 0x06, 0x9d, 0xf3, 0xa0, 0x61, 0x52, 0xd8, 0xe2, 0x3c, 0x98, 0x55, 0x4e,
	0xee, 0xe7, 0x87, 0x7d, 0x42, 0xad, 0x83, 0xbf, 0x0c, 0x45, 0x94, 0x17, 0xe3,
	0xc5, 0x5a, 0x9e, 0xaa, 0xaf, 0xd4, 0xa2, 0x63, 0x56, 0x0f, 0x18, 0xef, 0xb7,
	0xda, 0xeb, 0xfb, 0x2c, 0xff, 0xc0, 0x6b, 0x09, 0x6b, 0x98, 0xa3, 0x1d, 0x14,
	0xd1, 0x62, 0x6e, 0x68, 0x4f, 0x7e, 0x3b, 0x3e, 0x8e, 0x86, 0x6a, 0x0d, 0x8a,
	0xd6, 0x8f, 0x7b, 0x15, 0x82, 0x03, 0xd3, 0xa9, 0x05, 0x25, 0x1a, 0xf3, 0x6c,
	0x81, 0xb8, 0xe9, 0x77, 0xe4, 0x57, 0xa5, 0x1b, 0xb8, 0x3a, 0x1e, 0x5c, 0x67,
	0x84, 0x4c, 0x3e, 0xe9, 0x2d, 0x6b, 0x76, 0x73, 0x10, 0x64, 0x61, 0x07, 0xcc,
	0x3a, 0x66, 0xbc, 0xfe, 0xb7, 0xb9, 0x00, 0x00, 0x00, 0x14, 0x5f, 0x91, 0x76,
	0x87, 0xa0, 0x9d, 0x7f, 0x34, 0x2d, 0xf5, 0xe7, 0xd4, 0x18, 0xfd, 0xf6, 0x41,
	0xdf, 0x7a, 0xbf, 0x0b, 0x9d, 0x45, 0xac, 0xfe, 0x62, 0x84, 0x5c, 0x4b, 0x93,
	0x32, 0xbb, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5,
	0xa3, 0xe0, 0x03, 0xe7, 0x00, 0x7a, 0x5d, 0x00, 0x37, 0x19, 0x40, 0x02, 0x70,
	0xd3, 0x0f, 0x8e, 0xe0, 0xc3, 0x5a, 0x8e, 0x55, 0xdb, 0x30, 0x94, 0x2a, 0x36,
	0xa8, 0xe8, 0xed, 0x6f, 0x70, 0x3d, 0x1f, 0xa0, 0x46, 0xf4, 0x05, 0x72, 0xe9,
	0x6e, 0x1b, 0x96, 0xae, 0x9e, 0x15, 0xa6, 0xbc, 0xe8, 0xbb, 0x21, 0x03, 0xbf,
	0x57, 0x96, 0x88, 0xc0, 0x38, 0x84, 0xb0, 0x4f, 0xa0, 0xcc, 0x9f, 0xab, 0x0e,
	0x89, 0xf2, 0x5e, 0x27, 0xd2, 0xe4, 0x62, 0xe6, 0x8f, 0x77, 0xae, 0xb6, 0x88,
	0xcc, 0xda, 0xad, 0xcf, 0xe7, 0x55, 0xaf, 0x18, 0xab, 0xfe, 0xdf, 0x97, 0xe0,
	0x7f, 0xb6, 0x50, 0x0f, 0x9b, 0xf9, 0x7c, 0xa4, 0xb6, 0xa0, 0x5f, 0xa9, 0x0f,
	0xd9, 0x87, 0xc0, 0x64, 0xa0, 0x8b, 0x11, 0x64, 0xbe, 0x33, 0x0a, 0x66, 0x7a,
	0x40, 0xe6, 0xec, 0x57, 0x14, 0x4a, 0xf4, 0x4f, 0x2e, 0x43, 0x31, 0xa9, 0x00,
	0x00, 0x00, 0x00, 0xb9, 0xb2, 0x86, 0xc7, 0x75, 0xc7, 0xe4, 0x18, 0xa6, 0xeb,
	0x9a, 0x67, 0xad, 0x1b, 0xab, 0x05, 0x3a, 0xf2, 0xb3, 0x3f, 0x26, 0xb1, 0x22,
	0xd6, 0x8b, 0x45, 0xa0, 0xca, 0xe3, 0xe1, 0x66, 0x52, 0x02, 0x00, 0x21, 0x01,
	0x16, 0x00, 0x00, 0x00, 0x74, 0x2f, 0xe5, 0xa3, 0xe0, 0x00, 0x8b, 0x00, 0x27,
	0x5d, 0x00, 0x33, 0x08, 0x09, 0x27, 0x80, 0x86, 0x8f, 0x03, 0x77, 0x93, 0x43,
	0xc6, 0xa1, 0xfd, 0x7e, 0xf7, 0x28, 0xc2, 0x4f, 0xaf, 0xc9, 0x42, 0x08, 0xec,
	0xe8, 0x79, 0x00, 0xc0, 0x5b, 0x0e, 0x53, 0x31, 0x29, 0x3e, 0x06, 0x14, 0x7d,
	0xb0, 0x00, 0x00, 0x00, 0xb1, 0x85, 0x39, 0x2c, 0xa3, 0x18, 0xb3, 0x9d, 0x14,
	0xaa, 0x37, 0xa5, 0x4f, 0x2b, 0x7a, 0x0c, 0xe4, 0xad, 0x60, 0x2a, 0xe8, 0xe0,
	0x8b, 0x0d, 0x6d, 0x1d, 0xa3, 0x8b, 0x80, 0xd5, 0x9e, 0x20, 0x00, 0x03, 0xaa,
	0x01, 0xe8, 0x07, 0xae, 0x01, 0xe8, 0x07, 0x5b, 0x8c, 0x01, 0x00, 0x00, 0x00,
	0x24, 0x39, 0x49, 0x44, 0xab, 0x0a, 0x86, 0xca, 0x04, 0x00, 0x00, 0x00, 0x00,
	0x0a, 0x59, 0x5a
};
static const uint8_t lines_bz2[] = {
	0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0x7c, 0x54, 0x0d,
	0x42, 0x00, 0x03, 0x02, 0x59, 0x80, 0x00, 0x10, 0x40, 0x00, 0x7f, 0xe0, 0x03,
	0x25, 0x84, 0x00, 0x30, 0x01, 0x7a, 0x20, 0x08, 0xa3, 0xd3, 0x44, 0x7f, 0xea,
	0xa8, 0x00, 0x29, 0x93, 0x13, 0x20, 0xc8, 0xc1, 0x9a, 0xa6, 0xaa, 0x6d, 0x37,
	0xbd, 0x55, 0x43, 0x43, 0x4f, 0x72, 0xd9, 0x64, 0xfb, 0x96, 0xcb, 0x27, 0xa9,
	0x6c, 0xb2, 0x7a, 0xe8, 0x87, 0x9e, 0xf5, 0xf9, 0xfa, 0xfb, 0xf5, 0xde, 0x9b,
	0xbb, 0xbb, 0xbb, 0xbe, 0x75, 0x20, 0x30, 0x2c, 0x05, 0xc2, 0x81, 0x55, 0x55,
	0x5a, 0x12, 0x03, 0x02, 0xc0, 0x5c, 0x28, 0x14, 0x0b, 0x85, 0x80, 0xc0, 0x90,
	0x1a, 0x19, 0x80, 0x6a, 0x80, 0x03, 0xa2, 0x04, 0xcc, 0x86, 0xda, 0xc6, 0x50,
	0xce, 0x06, 0xd9, 0x98, 0xaa, 0xf7, 0xa4, 0xb0, 0x2d, 0x81, 0x6c, 0x0b, 0x60,
	0x5b, 0x00, 0x00, 0x01, 0xe2, 0x2e, 0x78, 0xcc, 0x55, 0x77, 0xb0, 0x00, 0x00,
	0x00, 0x00, 0x78, 0xbc, 0x73, 0x3c, 0x62, 0xab, 0xbe, 0x40, 0x00, 0x00, 0x00,
	0x01, 0xe2, 0xb9, 0x99, 0x9e, 0x15, 0x5d, 0xe8, 0x00, 0x00, 0x00, 0x00, 0x1e,
	0x2b, 0x99, 0x98, 0xf4, 0xab, 0xf1, 0x2c, 0x55, 0x73, 0x33, 0x17, 0xca, 0xb9,
	0x2c, 0x55, 0x73, 0x33, 0x15, 0xed, 0x79, 0x2c, 0x55, 0x73, 0x33, 0x15, 0x75,
	0x25, 0x9d, 0x1c, 0x55, 0xe7, 0x39, 0xd2, 0xab, 0x2c, 0xfe, 0x96, 0xcb, 0x27,
	0xb9, 0x6c, 0xb2, 0x7b, 0x96, 0xcb, 0x26, 0x4b, 0x65, 0x93, 0xfa, 0x5b, 0x2c,
	0x9e, 0xe5, 0xb2, 0xc9, 0xc9, 0x6c, 0xb2, 0x12, 0xd9, 0x64, 0xff, 0x17, 0x72,
	0x45, 0x38, 0x50, 0x90, 0x7c, 0x54, 0x0d, 0x42
};

/* Bytes unpacked, or -errno; the lines are to come out of what is whole. */
static int unpack_lines(const uint8_t *p, size_t n, size_t step, size_t room)
{
	autobuf in = { 0 }, out = { 0 }, want = { 0 };
	struct err e = { 0 };
	int r;

	for (int i = 0; i < 150; i++)
		buf_addf(&want, "line %d of it\n", i);
	buf_add(&in, p, n);
	r = decode(&in, step, room, &out, &e);
	CHECK(r == 0 ? same(&out, &want) : r < 0 && e.text[0]);
	return r < 0 ? r : (int)out.len;
}

static void check_own(const uint8_t *p, size_t n)
{
	autofree uint8_t *copy = mem_dup(p, n);

	CHECK_INT(unpack_lines(p, n, 0, 65536), 2140);
	CHECK_INT(unpack_lines(p, n, 1, 1), 2140);
	CHECK_INT(unpack_lines(p, n, 7, 3), 2140);
	/* Nothing that is cut or changed passes for something else. */
	for (size_t i = COMPRESSION_MAGIC; i < n; i++) {
		CHECK_INT(unpack_lines(p, i, 0, 100), -ENODATA);
		copy[i] ^= 0x10;
		unpack_lines(copy, n, 0, 100);
		copy[i] ^= 0x11;
		unpack_lines(copy, n, 0, 100);
		copy[i] ^= 0x01;
	}
}

TEST(xz)
{
	check_own(lines_xz, sizeof(lines_xz));
	check_own(lines_blocks_xz, sizeof(lines_blocks_xz));
}

TEST(bzip2)
{
	check_own(lines_bz2, sizeof(lines_bz2));
}

TEST(xz_and_bzip2_one_behind_the_other)
{
	autobuf in = { 0 }, out = { 0 };
	struct err e = { 0 };

	buf_add(&in, lines_xz, sizeof(lines_xz));
	buf_add(&in, "\0\0\0\0", 4);
	buf_add(&in, lines_blocks_xz, sizeof(lines_blocks_xz));
	CHECK_INT(decode(&in, 0, 5000, &out, &e), 0);
	CHECK_INT(out.len, 2 * 2140);
	buf_addc(&in, '\0');
	CHECK_INT(decode(&in, 0, 5000, &out, &e), -EINVAL);
	CHECK_STR(e.text, "xz: corrupt data");
	buf_reset(&in);
	buf_reset(&out);
	buf_add(&in, lines_bz2, sizeof(lines_bz2));
	buf_add(&in, lines_bz2, sizeof(lines_bz2));
	CHECK_INT(decode(&in, 0, 5000, &out, &e), 0);
	CHECK_INT(out.len, 2 * 2140);
	buf_adds(&in, "else");
	CHECK_INT(decode(&in, 0, 5000, &out, &e), -EINVAL);
	CHECK_STR(e.text, "bzip2: garbage after the end");
}

TEST(gzip_with_a_comment)
{
	static const char header[] = "\x1f\x8b\x08\x10\0\0\0\0";
	autobuf in = { 0 }, packed = { 0 }, out = { 0 };
	struct gzip *z = gzip_new(0, "inode 7", keep, &packed);
	struct err e = { 0 };

	for (int i = 0; i < 20000; i++)
		buf_addf(&in, "{\"log\":\"line %d\\n\",\"stream\":\"stdout\"}\n", i);
	for (size_t i = 0; i < in.len; i += 30000)
		CHECK_INT(gzip_write(z, in.data + i,
				     in.len - i < 30000 ? in.len - i : 30000, &e),
			  0);
	CHECK_INT(gzip_finish(z, &e), 0);
	gzip_free(z);
	CHECK(memcmp(packed.data, header, sizeof(header) - 1) == 0);
	CHECK_STR(packed.data + 10, "inode 7");
	CHECK(packed.len < in.len / 3);
	CHECK_INT(decode(&packed, 0, 5000, &out, &e), 0);
	CHECK(same(&in, &out));
}

TEST(gzip_of_nothing)
{
	autobuf packed = { 0 }, out = { 0 };
	struct gzip *z = gzip_new(0, "", keep, &packed);
	struct err e = { 0 };

	CHECK_INT(gzip_finish(z, &e), 0);
	gzip_free(z);
	CHECK_INT(decode(&packed, 0, 10, &out, &e), 0);
	CHECK_INT(out.len, 0);
	z = gzip_new(0, NULL, refuse, NULL);
	CHECK_INT(gzip_finish(z, &e), -ENOSPC);
	gzip_free(z);
}
