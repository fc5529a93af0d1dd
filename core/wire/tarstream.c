/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes under a tar reader. */
#include "core/wire/tarstream.h"

#include <errno.h>

#include "core/wire/tarheader.h"

int tarstream_cut_short(struct err *e)
{
	return err_set(e, -ENODATA, "tar: the archive is cut short");
}

ssize_t tarstream_need(struct tarstream *s, size_t want, struct err *e)
{
	ssize_t n;

	if (s->pos == s->len)
		s->pos = s->len = 0;
	if (s->len - s->pos < want && s->pos > 0) {
		memmove(s->buf, s->buf + s->pos, s->len - s->pos);
		s->len -= s->pos;
		s->pos = 0;
	}
	while (s->len - s->pos < want && !s->ended) {
		n = s->read(s->arg, s->buf + s->len, sizeof(s->buf) - s->len);
		if (n < 0)
			return err_code(e, (int)n, "tar: read the archive");
		s->ended = n == 0;
		s->len += (size_t)n;
	}
	return (ssize_t)(s->len - s->pos);
}

int tarstream_skip(struct tarstream *s, uint64_t n, struct err *e)
{
	while (n > 0) {
		ssize_t have = tarstream_need(s, 1, e);

		if (have <= 0)
			return have < 0 ? (int)have : tarstream_cut_short(e);
		if ((uint64_t)have > n)
			have = (ssize_t)n;
		s->pos += (size_t)have;
		n -= (uint64_t)have;
	}
	return 0;
}

int tarstream_block(struct tarstream *s, const uint8_t **ret, struct err *e)
{
	ssize_t have = tarstream_need(s, TARHEADER_SIZE, e);

	if (have < 0)
		return (int)have;
	if (have < TARHEADER_SIZE)
		return tarstream_cut_short(e);
	*ret = s->buf + s->pos;
	s->pos += TARHEADER_SIZE;
	return 0;
}

int tarstream_body(struct tarstream *s, char *dst, size_t n, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t have = tarstream_need(s, 1, e);

		if (have <= 0)
			return have < 0 ? (int)have : tarstream_cut_short(e);
		if ((size_t)have > n - done)
			have = (ssize_t)(n - done);
		memcpy(dst + done, s->buf + s->pos, (size_t)have);
		s->pos += (size_t)have;
		done += (size_t)have;
	}
	dst[n] = '\0';
	return tarstream_skip(s, -(uint64_t)n % TARHEADER_SIZE, e);
}
