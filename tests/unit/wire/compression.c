/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/compression.h"

#include <errno.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
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
