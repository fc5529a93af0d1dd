/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/wire/compression.c, decoder.c, encoder.c. First byte: the size of
 * the reads; second: of the output, and how the rest is packed to be unpacked again. */
#include <stdint.h>
#include <stdlib.h>

#include "core/base/buf.h"
#include "core/wire/compression.h"

#define OUT_MAX 65536

struct source {
	const uint8_t *p;
	size_t left, step;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;

	n = n < s->left ? n : s->left;
	n = n < s->step ? n : s->step;
	if (n > 0)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	return (ssize_t)n;
}

static int keep(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static ssize_t unpack(const void *p, size_t size, size_t step, size_t room,
		      struct buf *out)
{
	struct source s = { p, size, step };
	struct decoder *d = decoder_new(give, &s, OUT_MAX);
	struct err e = { 0 };
	char some[256];
	ssize_t n;

	while ((n = decoder_read(d, some, room, &e)) > 0) {
		if ((size_t)n > room)
			abort();
		buf_add(out, some, (size_t)n);
	}
	if (out->len > OUT_MAX || (n < 0 && !e.text[0]))
		abort();
	decoder_free(d);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autobuf out = { 0 }, packed = { 0 }, again = { 0 };
	struct encoder *c;
	size_t step, room;

	if (size < 2)
		return 0;
	step = (size_t)data[0] + 1;
	room = (size_t)data[1] + 1;
	unpack(data + 2, size - 2, step, room, &out);
	if (size > 4096)
		return 0;
	c = encoder_new(data[1] & 1 ? COMPRESSION_GZIP : COMPRESSION_ZSTD, 1, keep,
			&packed);
	if (encoder_write(c, data + 2, size - 2, NULL) < 0 || encoder_finish(c, NULL) < 0)
		abort();
	encoder_free(c);
	if (unpack(packed.data, packed.len, step, room, &again) != 0 ||
	    again.len != size - 2 || memcmp(buf_str(&again), data + 2, again.len) != 0)
		abort();
	return 0;
}
