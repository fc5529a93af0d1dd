/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/gzip.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#define OUT_SIZE (128u << 10)
#define IN_MAX   (1u << 30) /* isa-l counts in 32 bits */

struct gzip {
	struct isal_zstream stream;
	const char *comment; /* until the header is out */
	gzip_write_fn *write;
	void *arg;
	uint8_t out[OUT_SIZE];
};

struct gzip *gzip_new(unsigned int level, const char *comment, gzip_write_fn *write,
		      void *arg)
{
	static const uint32_t sizes[GZIP_LEVEL_MAX + 1] = { 0, ISAL_DEF_LVL1_DEFAULT,
							    ISAL_DEF_LVL2_DEFAULT,
							    ISAL_DEF_LVL3_DEFAULT };
	struct gzip *z = mem_new(struct gzip);

	isal_deflate_init(&z->stream);
	z->stream.level = level;
	z->stream.level_buf_size = sizes[level];
	z->stream.level_buf = sizes[level] ? mem_alloc(sizes[level]) : NULL;
	z->stream.gzip_flag = comment ? IGZIP_GZIP_NO_HDR : IGZIP_GZIP;
	z->comment = comment;
	z->write = write;
	z->arg = arg;
	return z;
}

/* The one with a comment isa-l does not write by itself. */
static void header(struct gzip *z)
{
	struct isal_gzip_header h;

	isal_gzip_header_init(&h);
	h.comment = (char *)(uintptr_t)z->comment;
	h.comment_buf_len = (uint32_t)strlen(z->comment) + 1;
	isal_write_gzip_header(&z->stream, &h);
	z->comment = NULL;
}

static int push(struct gzip *z, const uint8_t *p, uint32_t n, bool end, struct err *e)
{
	struct isal_zstream *s = &z->stream;

	s->next_in = (uint8_t *)(uintptr_t)p;
	s->avail_in = n;
	s->end_of_stream = end;
	do {
		size_t got;
		int r;

		s->next_out = z->out;
		s->avail_out = sizeof(z->out);
		if (z->comment)
			header(z);
		if (isal_deflate(s) != COMP_OK)
			return err_set(e, -EIO, "gzip: the compressor failed");
		got = sizeof(z->out) - s->avail_out;
		r = got > 0 ? z->write(z->arg, z->out, got) : 0;
		if (r < 0)
			return err_code(e, r, "write compressed data");
	} while (s->avail_in > 0 ||
		 (end ? s->internal_state.state != ZSTATE_END : s->avail_out == 0));
	return 0;
}

int gzip_write(struct gzip *z, const void *p, size_t n, struct err *e)
{
	const uint8_t *b = p;
	int r = 0;

	while (r == 0 && n > 0) {
		size_t piece = n < IN_MAX ? n : IN_MAX;

		r = push(z, b, (uint32_t)piece, false, e);
		b += piece;
		n -= piece;
	}
	return r;
}

int gzip_finish(struct gzip *z, struct err *e)
{
	static const uint8_t nothing[1];

	return push(z, nothing, 0, true, e);
}

void gzip_free(struct gzip *z)
{
	if (z)
		free(z->stream.level_buf);
	free(z);
}
