/* SPDX-License-Identifier: Apache-2.0 */
/* Compression as a stream of pushes. The output depends on the input and the level alone:
 * no time or name goes into a gzip header. */
#include "core/wire/encoder.h"

#include <errno.h>
#include <stdbool.h>
#include <zstd.h>

#include "core/base/mem.h"
#include "core/wire/gzip.h"

#define OUT_SIZE     (128u << 10)
#define GZIP_DEFAULT 2
#define ZSTD_DEFAULT 2
#define ZSTD_HIGHEST 2 /* what vendor/zstd builds */

struct encoder {
	enum compression kind;
	compression_write_fn *write;
	void *arg;
	struct gzip *gzip;
	ZSTD_CStream *zstd;
	uint8_t out[OUT_SIZE];
};

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

static unsigned int gzip_level(int level)
{
	if (level <= 0)
		return GZIP_DEFAULT;
	return level < GZIP_LEVEL_MAX ? (unsigned int)level : GZIP_LEVEL_MAX;
}

struct encoder *encoder_new(enum compression kind, int level, compression_write_fn *write,
			    void *arg)
{
	struct encoder *c = mem_new(struct encoder);

	c->kind = kind;
	c->write = write;
	c->arg = arg;
	if (kind == COMPRESSION_GZIP)
		c->gzip = gzip_new(gzip_level(level), NULL, write, arg);
	else if (kind == COMPRESSION_ZSTD)
		zstd_init(c, level);
	return c;
}

static int emit(struct encoder *c, const void *p, size_t n, struct err *e)
{
	int r = n > 0 ? c->write(c->arg, p, n) : 0;

	return r < 0 ? err_code(e, r, "write compressed data") : 0;
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
	if (c->kind == COMPRESSION_GZIP)
		return gzip_write(c->gzip, p, n, e);
	if (c->kind == COMPRESSION_ZSTD)
		return n > 0 ? zstd_push(c, p, n, false, e) : 0;
	return emit(c, p, n, e);
}

int encoder_finish(struct encoder *c, struct err *e)
{
	static const uint8_t nothing[1];

	if (c->kind == COMPRESSION_GZIP)
		return gzip_finish(c->gzip, e);
	if (c->kind == COMPRESSION_ZSTD)
		return zstd_push(c, nothing, 0, true, e);
	return 0;
}

void encoder_free(struct encoder *c)
{
	if (!c)
		return;
	gzip_free(c->gzip);
	ZSTD_freeCStream(c->zstd);
	free(c);
}
