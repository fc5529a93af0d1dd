/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/deflate.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/decoder.h"
#include "tests/unit/test.h"

struct source {
	const char *p;
	size_t left;
};

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;
	size_t take = n < s->left ? n : s->left;

	memcpy(p, s->p, take);
	s->p += take;
	s->left -= take;
	return (ssize_t)take;
}

/* Packs in pieces of `step`, unpacks with the library, compares; the packed size. */
static size_t round_trip(const char *p, size_t n, size_t step)
{
	autobuf packed = { 0 };
	autofree char *back = mem_alloc(n + 1);
	struct deflate *d = deflate_new("x", &packed);
	struct source s;
	struct decoder *dec;
	size_t got = 0;
	ssize_t r;

	for (size_t at = 0; at < n; at += step)
		CHECK_INT(deflate_add(d, p + at, n - at < step ? n - at : step, &packed),
			  0);
	CHECK_INT(deflate_end(d, &packed), 0);
	deflate_free(d);
	s = (struct source){ packed.data, packed.len };
	dec = decoder_new(give, &s, 0);
	while ((r = decoder_read(dec, back + got, n + 1 - got, NULL)) > 0)
		got += (size_t)r;
	CHECK_INT(r, 0);
	CHECK_INT(got, n);
	CHECK(memcmp(back, p, n) == 0);
	decoder_free(dec);
	return packed.len;
}

TEST(small)
{
	round_trip("", 0, 1);
	round_trip("a", 1, 1);
	round_trip("abcabcabcabcabcabc", 18, 5);
	round_trip("\0\xff\x90\x8f\0\xff\x90\x8f\0\xff\x90\x8f", 12, 12);
}

TEST(every_byte_and_length)
{
	char all[256 + 300];

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	memset(all + 256, 'z', 300);
	for (size_t n = 256; n <= sizeof(all); n++)
		round_trip(all, n, n);
}

/* Matches across the window, and noise. */
TEST(large)
{
	size_t n = 300000;
	autofree char *p = mem_alloc(n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = i % 70000 < 35000 ? (char)(x >> 24) : p[i - 32768];
	}
	round_trip(p, n, 4096);
	round_trip(p, n, n);
}

TEST(a_log_shrinks)
{
	autobuf text = { 0 };

	for (int i = 0; i < 20000; i++)
		buf_addf(&text, "{\"log\":\"line %d\\n\",\"stream\":\"stdout\"}\n", i);
	CHECK(round_trip(text.data, text.len, 32768) < text.len / 3);
}
