/* SPDX-License-Identifier: Apache-2.0 */
/* Decompression as a stream of pulls: gzip by isa-l, zstd by libzstd, xz by liblzma,
 * bzip2 by libbz2, or bytes as they are.
 *
 * gzip: HEADER → BODY → BETWEEN; there another member (0x1f) starts anew, zeros up to the
 * end are padding, the end is a proper one, and anything else is an error. isa-l checks
 * CRC and length of each member. The header is read by isal_read_gzip_header with a state
 * of ours, because isal_inflate forgets a header's own checksum when the header comes in
 * pieces.
 *
 * What the other side may cost us: two input buffers, isa-l's 32 KiB window, zstd's
 * window or xz's dictionary up to 2^27, or bzip2's block of 3.6 MB; never more, whatever
 * the stream says. */
#include "core/wire/decoder.h"

#include <bzlib.h>
#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <stdbool.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/base/mem.h"

#define IN_SIZE    (128u << 10)
#define OUT_MAX    (1u << 30) /* isa-l counts in 32 bits */
#define WINDOW_LOG 27
#define XZ_MEMORY  ((1u << WINDOW_LOG) + (1u << 20)) /* the dictionary and its decoder */

enum gzip_phase { GZIP_HEADER, GZIP_BODY, GZIP_BETWEEN, GZIP_PADDING };

struct gzip {
	struct inflate_state state;
	struct isal_gzip_header header;
	enum gzip_phase phase;
};

struct decoder {
	compression_read_fn *read;
	void *arg;
	uint64_t max_out, out;
	enum compression kind;
	bool ended; /* the input is */
	struct err failed;
	struct gzip *gzip;
	ZSTD_DStream *zstd;
	bool frame_open; /* zstd: within a frame; bzip2: within a stream */
	bool done;       /* xz: its proper end was seen */
	lzma_stream xz;
	bz_stream bzip2;
	size_t pos, len; /* of in */
	uint8_t in[IN_SIZE];
};

/* Adds what one read gives behind what is there; 0 also at the end. */
static int fill(struct decoder *d, struct err *e)
{
	ssize_t n;

	if (d->pos == d->len)
		d->pos = d->len = 0;
	if (d->ended || d->len == sizeof(d->in))
		return 0;
	n = d->read(d->arg, d->in + d->len, sizeof(d->in) - d->len);
	if (n < 0)
		return err_code(e, (int)n, "read compressed data");
	d->ended = n == 0;
	d->len += (size_t)n;
	return 0;
}

static void gzip_start(struct gzip *g)
{
	isal_inflate_reset(&g->state);
	isal_gzip_header_init(&g->header);
	g->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
	g->phase = GZIP_HEADER;
}

static ssize_t plain_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	size_t have = d->len - d->pos;
	ssize_t r;

	if (have > 0) {
		n = n < have ? n : have;
		memcpy(p, d->in + d->pos, n);
		d->pos += n;
		return (ssize_t)n;
	}
	if (d->ended)
		return 0;
	r = d->read(d->arg, p, n);
	if (r < 0)
		return err_code(e, (int)r, "read data");
	d->ended = r == 0;
	return r;
}

static void bzip2_start(struct decoder *d)
{
	if (BZ2_bzDecompressInit(&d->bzip2, 0, 0) != BZ_OK)
		abort();
	d->frame_open = true;
}

struct decoder *decoder_new(compression_read_fn *read, void *arg, uint64_t max_out)
{
	struct decoder *d = mem_new(struct decoder);
	int r = 0;

	d->read = read;
	d->arg = arg;
	d->max_out = max_out;
	while (r == 0 && d->len < COMPRESSION_MAGIC && !d->ended)
		r = fill(d, &d->failed);
	d->kind = compression_detect(d->in, d->len);
	if (d->kind == COMPRESSION_GZIP) {
		d->gzip = mem_new(struct gzip);
		isal_inflate_init(&d->gzip->state);
		gzip_start(d->gzip);
	} else if (d->kind == COMPRESSION_ZSTD) {
		d->zstd = ZSTD_createDStream();
		if (!d->zstd)
			abort();
		ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
	} else if (d->kind == COMPRESSION_XZ) {
		if (lzma_stream_decoder(&d->xz, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
			abort();
	} else if (d->kind == COMPRESSION_BZIP2) {
		bzip2_start(d);
	}
	return d;
}

static int gzip_error(int r, struct err *e)
{
	if (r == ISAL_INCORRECT_CHECKSUM)
		return err_set(e, -EINVAL, "gzip: the checksum does not match");
	if (r == ISAL_INVALID_WRAPPER || r == ISAL_UNSUPPORTED_METHOD)
		return err_set(e, -EINVAL, "gzip: malformed header");
	return err_set(e, -EINVAL, "gzip: corrupt data");
}

static int cut_short(const char *kind, struct err *e)
{
	return err_set(e, -ENODATA, "%s: the data is cut short", kind);
}

/* Hands the input over to isa-l, and takes back what it left. */
static void gzip_lend(struct decoder *d)
{
	d->gzip->state.next_in = d->in + d->pos;
	d->gzip->state.avail_in = (uint32_t)(d->len - d->pos);
}

static void gzip_back(struct decoder *d)
{
	d->pos = d->len - d->gzip->state.avail_in;
}

static int gzip_header(struct decoder *d, struct err *e)
{
	int r;

	if (d->pos == d->len)
		return cut_short("gzip", e);
	gzip_lend(d);
	r = isal_read_gzip_header(&d->gzip->state, &d->gzip->header);
	gzip_back(d);
	if (r == ISAL_DECOMP_OK)
		d->gzip->phase = GZIP_BODY;
	else if (r != ISAL_END_INPUT || d->pos != d->len)
		return gzip_error(r, e);
	return 0;
}

static ssize_t gzip_body(struct decoder *d, void *p, size_t n, struct err *e)
{
	struct inflate_state *s = &d->gzip->state;
	const size_t before = d->len - d->pos;
	size_t got;
	int r;

	gzip_lend(d);
	s->next_out = p;
	s->avail_out = n > OUT_MAX ? OUT_MAX : (uint32_t)n;
	got = s->avail_out;
	r = isal_inflate(s);
	got -= s->avail_out;
	gzip_back(d);
	if (r != ISAL_DECOMP_OK)
		return gzip_error(r, e);
	if (s->block_state == ISAL_BLOCK_FINISH)
		d->gzip->phase = GZIP_BETWEEN;
	else if (got == 0 && before == 0 && d->ended)
		return cut_short("gzip", e);
	else if (got == 0 && before > 0 && before == d->len - d->pos)
		return gzip_error(ISAL_INVALID_BLOCK, e);
	return (ssize_t)got;
}

/* After a member; *end when that was the last. */
static int gzip_between(struct decoder *d, bool *end, struct err *e)
{
	if (d->pos == d->len) {
		*end = true;
		return 0;
	}
	if (d->gzip->phase == GZIP_BETWEEN && d->in[d->pos] == 0x1f) {
		gzip_start(d->gzip);
		return 0;
	}
	d->gzip->phase = GZIP_PADDING;
	for (; d->pos < d->len; d->pos++) {
		if (d->in[d->pos] != 0)
			return err_set(e, -EINVAL, "gzip: garbage after the end");
	}
	return 0;
}

static ssize_t gzip_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	bool end = false;
	ssize_t r = 0;

	while (r == 0 && !end) {
		if (d->pos == d->len) {
			r = fill(d, e);
			if (r < 0)
				return r;
		}
		switch (d->gzip->phase) {
		case GZIP_HEADER:
			r = gzip_header(d, e);
			break;
		case GZIP_BODY:
			r = gzip_body(d, p, n, e);
			break;
		case GZIP_BETWEEN:
		case GZIP_PADDING:
			r = gzip_between(d, &end, e);
			break;
		}
	}
	return r;
}

static int zstd_error(size_t code, struct err *e)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
		return err_set(e, -EINVAL, "zstd: the window is larger than 128 MiB");
	return err_set(e, -EINVAL, "zstd: %s", ZSTD_getErrorName(code));
}

static ssize_t zstd_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	ZSTD_outBuffer out = { p, n, 0 };

	while (out.pos == 0) {
		ZSTD_inBuffer in;
		size_t left;
		int r;

		if (d->pos == d->len) {
			r = fill(d, e);
			if (r < 0)
				return r;
		}
		/* At the end of the input an open frame may still have output to give. */
		if (d->pos == d->len && !d->frame_open)
			return 0;
		in = (ZSTD_inBuffer){ d->in, d->len, d->pos };
		left = ZSTD_decompressStream(d->zstd, &out, &in);
		if (ZSTD_isError(left))
			return zstd_error(left, e);
		if (out.pos == 0 && d->pos == d->len && left != 0)
			return cut_short("zstd", e);
		d->frame_open = left != 0;
		d->pos = in.pos;
	}
	return (ssize_t)out.pos;
}

static int xz_error(lzma_ret code, struct err *e)
{
	switch (code) {
	case LZMA_MEMLIMIT_ERROR:
		return err_set(e, -EINVAL, "xz: the dictionary is larger than 128 MiB");
	case LZMA_OPTIONS_ERROR:
		return err_set(e, -EOPNOTSUPP, "xz: an unknown filter or check");
	case LZMA_FORMAT_ERROR:
		return err_set(e, -EINVAL, "xz: garbage after the end");
	case LZMA_BUF_ERROR:
		return cut_short("xz", e);
	default:
		return err_set(e, -EINVAL, "xz: corrupt data");
	}
}

static ssize_t xz_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	lzma_ret r = LZMA_OK;
	int code;

	d->xz.next_out = p;
	d->xz.avail_out = n;
	while (d->xz.avail_out == n && !d->done) {
		if (d->pos == d->len && (code = fill(d, e)) < 0)
			return code;
		d->xz.next_in = d->in + d->pos;
		d->xz.avail_in = d->len - d->pos;
		r = lzma_code(&d->xz, d->ended ? LZMA_FINISH : LZMA_RUN);
		d->pos = d->len - d->xz.avail_in;
		d->done = r == LZMA_STREAM_END;
		if (r != LZMA_OK && !d->done)
			return xz_error(r, e);
	}
	return (ssize_t)(n - d->xz.avail_out);
}

/* At the end of a stream: another one, or the end of all. */
static int bzip2_between(struct decoder *d, bool *end, struct err *e)
{
	*end = d->pos == d->len;
	if (*end)
		return 0;
	if (d->in[d->pos] != 'B')
		return err_set(e, -EINVAL, "bzip2: garbage after the end");
	BZ2_bzDecompressEnd(&d->bzip2);
	bzip2_start(d);
	return 0;
}

static ssize_t bzip2_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	unsigned room = n > OUT_MAX ? OUT_MAX : (unsigned)n;
	bool end = false;
	int r;

	d->bzip2.next_out = p;
	d->bzip2.avail_out = room;
	while (d->bzip2.avail_out == room) {
		if (d->pos == d->len && (r = fill(d, e)) < 0)
			return r;
		if (!d->frame_open && ((r = bzip2_between(d, &end, e)) < 0 || end))
			return r;
		d->bzip2.next_in = (char *)d->in + d->pos;
		d->bzip2.avail_in = (unsigned)(d->len - d->pos);
		d->bzip2.next_out = p;
		d->bzip2.avail_out = room;
		r = BZ2_bzDecompress(&d->bzip2);
		if (r != BZ_OK && r != BZ_STREAM_END)
			return err_set(e, -EINVAL, "bzip2: corrupt data");
		d->frame_open = r == BZ_OK;
		if (r == BZ_OK && d->bzip2.avail_out == room && d->ended &&
		    d->pos == d->len)
			return cut_short("bzip2", e);
		d->pos = d->len - d->bzip2.avail_in;
	}
	return (ssize_t)(room - d->bzip2.avail_out);
}

static ssize_t read_some(struct decoder *d, void *p, size_t n, struct err *e)
{
	switch (d->kind) {
	case COMPRESSION_GZIP:
		return gzip_read(d, p, n, e);
	case COMPRESSION_ZSTD:
		return zstd_read(d, p, n, e);
	case COMPRESSION_XZ:
		return xz_read(d, p, n, e);
	case COMPRESSION_BZIP2:
		return bzip2_read(d, p, n, e);
	case COMPRESSION_NONE:
		break;
	}
	return plain_read(d, p, n, e);
}

ssize_t decoder_read(struct decoder *d, void *p, size_t n, struct err *e)
{
	ssize_t got = 0;

	if (n == 0)
		return -EINVAL;
	if (!d->failed.code)
		got = read_some(d, p, n, &d->failed);
	if (got > 0) {
		d->out += (uint64_t)got;
		if (d->max_out && d->out > d->max_out)
			err_set(&d->failed, -EFBIG,
				"the data unpacks to more than %llu bytes",
				(unsigned long long)d->max_out);
	}
	if (d->failed.code)
		return err_set(e, d->failed.code, "%s", d->failed.text);
	return got;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	free(d->gzip);
	ZSTD_freeDStream(d->zstd);
	lzma_end(&d->xz);
	if (d->kind == COMPRESSION_BZIP2)
		BZ2_bzDecompressEnd(&d->bzip2);
	free(d);
}
