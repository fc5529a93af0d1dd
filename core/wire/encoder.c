/* SPDX-License-Identifier: Apache-2.0 */
/* Compression as a stream of pushes. The output depends on the input and the level alone:
 * no time or name goes into a gzip header. */
#include "core/wire/encoder.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <zstd.h>

#include "core/base/mem.h"

#define OUT_SIZE     (128u << 10)
#define IN_MAX       (1u << 30) /* isa-l counts in 32 bits */
#define GZIP_DEFAULT 2
#define ZSTD_DEFAULT 2
#define ZSTD_HIGHEST 2 /* what vendor/zstd builds */

struct encoder {
	enum compression kind;
	compression_write_fn *write;
	void *arg;
	struct isal_zstream *gzip;
	ZSTD_CStream *zstd;
	uint8_t out[OUT_SIZE];
};

static void gzip_init(struct encoder *c, int level)
{
	static const uint32_t sizes[] = { 0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
					  ISAL_DEF_LVL3_DEFAULT };

	if (level <= 0)
		level = GZIP_DEFAULT;
	if (level > ISAL_DEF_MAX_LEVEL)
		level = ISAL_DEF_MAX_LEVEL;
	c->gzip = mem_new(struct isal_zstream);
	isal_deflate_init(c->gzip);
	c->gzip->level = (uint32_t)level;
	c->gzip->level_buf_size = sizes[level];
	c->gzip->level_buf = mem_alloc(sizes[level]);
	c->gzip->gzip_flag = IGZIP_GZIP;
}

static void zstd_init(struct encoder *c, int level)
{
	c->zstd = ZSTD_createCStream();
	if (!c->zstd)
		abort();
	if (level <= 0)
		level = ZSTD_DEFAULT;
	ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel,
			       level > ZSTD_HIGHEST ? ZSTD_HIGHEST : level);
	ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
}

struct encoder *encoder_new(enum compression kind, int level, compression_write_fn *write,
			    void *arg)
{
	struct encoder *c = mem_new(struct encoder);

	c->kind = kind;
	c->write = write;
	c->arg = arg;
	if (kind == COMPRESSION_GZIP)
		gzip_init(c, level);
	else if (kind == COMPRESSION_ZSTD)
		zstd_init(c, level);
	return c;
}

static int emit(struct encoder *c, const void *p, size_t n, struct err *e)
{
	int r = n > 0 ? c->write(c->arg, p, n) : 0;

	return r < 0 ? err_code(e, r, "write compressed data") : 0;
}

/* All n <= IN_MAX bytes, and with end the trailer. */
static int gzip_push(struct encoder *c, const void *p, size_t n, bool end, struct err *e)
{
	struct isal_zstream *s = c->gzip;
	int r;

	s->next_in = (uint8_t *)(uintptr_t)p;
	s->avail_in = (uint32_t)n;
	s->end_of_stream = end;
	do {
		s->next_out = c->out;
		s->avail_out = sizeof(c->out);
		if (isal_deflate(s) != COMP_OK)
			return err_set(e, -EIO, "gzip: the compressor failed");
		r = emit(c, c->out, sizeof(c->out) - s->avail_out, e);
		if (r < 0)
			return r;
	} while (s->avail_in > 0 ||
		 (end ? s->internal_state.state != ZSTATE_END : s->avail_out == 0));
	return 0;
}

static int zstd_push(struct encoder *c, const void *p, size_t n, bool end, struct err *e)
{
	ZSTD_inBuffer in = { p, n, 0 };
	size_t left;
	int r;

	do {
		ZSTD_outBuffer out = { c->out, sizeof(c->out), 0 };

		left = ZSTD_compressStream2(c->zstd, &out, &in,
					    end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return err_set(e, -EIO, "zstd: %s", ZSTD_getErrorName(left));
		r = emit(c, c->out, out.pos, e);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (end && left != 0));
	return 0;
}

int encoder_write(struct encoder *c, const void *p, size_t n, struct err *e)
{
	const uint8_t *b = p;
	int r = 0;

	if (c->kind == COMPRESSION_NONE)
		return emit(c, p, n, e);
	if (c->kind == COMPRESSION_ZSTD)
		return n > 0 ? zstd_push(c, p, n, false, e) : 0;
	while (r == 0 && n > 0) {
		size_t piece = n < IN_MAX ? n : IN_MAX;

		r = gzip_push(c, b, piece, false, e);
		b += piece;
		n -= piece;
	}
	return r;
}

int encoder_finish(struct encoder *c, struct err *e)
{
	static const uint8_t nothing[1];

	if (c->kind == COMPRESSION_GZIP)
		return gzip_push(c, nothing, 0, true, e);
	if (c->kind == COMPRESSION_ZSTD)
		return zstd_push(c, nothing, 0, true, e);
	return 0;
}

void encoder_free(struct encoder *c)
{
	if (!c)
		return;
	if (c->gzip)
		free(c->gzip->level_buf);
	free(c->gzip);
	ZSTD_freeCStream(c->zstd);
	free(c);
}
