/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/deflate.c: what was packed is what the library unpacks. The
 * first byte is the size of the pieces it is given in. */
#include "core/wire/decoder.h"
#include "core/wire/deflate.h"
#include "tests/fuzz/fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf packed = { 0 };
	autofree char *back = mem_alloc(size + 1);
	struct deflate *d = deflate_new("inode 1", &packed);
	struct source s;
	struct decoder *dec;
	size_t got = 0, step = size ? data[0] + 1u : 1;
	ssize_t r;

	for (size_t at = 0; at < size; at += step)
		must(deflate_add(d, data + at, size - at < step ? size - at : step,
				 &packed) == 0);
	must(deflate_end(d, &packed) == 0);
	deflate_free(d);
	s = (struct source){ packed.data, packed.len };
	dec = decoder_new(give, &s, 0);
	while ((r = decoder_read(dec, back + got, size + 1 - got, NULL)) > 0)
		got += (size_t)r;
	must(r == 0 && got == size && memcmp(back, data, size) == 0);
	decoder_free(dec);
	return 0;
}
