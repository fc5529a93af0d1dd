/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of sparse files in tar. */
#include "core/wire/tarsparse.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/wire/tarheader.h"

#define EXTENDED 21 /* pieces in an extension block of GNU's old format */

int tarsparse_add(struct tarsparse *m, int64_t offset, int64_t size)
{
	if (offset < 0 || size < 0)
		return -EINVAL;
	if (m->len == TARSPARSE_MAX)
		return -E2BIG;
	if (m->len == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 16;
		m->v = mem_resize(m->v, m->cap, sizeof(*m->v));
	}
	m->v[m->len++] = (struct tarsparse_piece){ (uint64_t)offset, (uint64_t)size };
	return 0;
}

/* n pairs of 12-byte numbers, ended early by a zero byte. */
static int add_old(struct tarsparse *m, const uint8_t *p, size_t n)
{
	int64_t offset, size;
	int r;

	for (; n > 0; n--, p += 24) {
		if (p[0] == 0)
			return 0;
		if (tarheader_number(p, 12, &offset) < 0 ||
		    tarheader_number(p + 12, 12, &size) < 0)
			return -EINVAL;
		r = tarsparse_add(m, offset, size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A decimal number at *s, which moves behind it and one comma. */
static int take(const char **s, int64_t *ret)
{
	char digits[24];
	size_t n = strspn(*s, "0123456789");

	if (n == 0 || n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *s, n);
	digits[n] = '\0';
	*s += n;
	if (**s == ',')
		(*s)++;
	else if (**s)
		return -EINVAL;
	return str_i64(digits, 0, INT64_MAX, ret);
}

int tarsparse_add_text(struct tarsparse *m, const char *text)
{
	int64_t offset, size;
	int r = 0;

	while (r == 0 && *text) {
		if (take(&text, &offset) < 0 || take(&text, &size) < 0)
			return -EINVAL;
		r = tarsparse_add(m, offset, size);
	}
	return r;
}

int tarsparse_read(struct tarsparse *m, struct tarstream *s, uint64_t *stored,
		   struct err *e)
{
	int64_t number = 0, left = -1, offset = -1;
	const uint8_t *b = NULL;
	size_t i = TARHEADER_SIZE;
	int r, digits = 0;

	while (left != 0) {
		if (i == TARHEADER_SIZE) {
			if (*stored < TARHEADER_SIZE)
				return -EINVAL;
			r = tarstream_block(s, &b, e);
			if (r < 0)
				return r;
			*stored -= TARHEADER_SIZE;
			i = 0;
		}
		if (b[i] >= '0' && b[i] <= '9' && digits < 18) {
			number = number * 10 + (b[i++] - '0');
			digits++;
			continue;
		}
		if (b[i++] != '\n' || digits == 0)
			return -EINVAL;
		if (left < 0) {
			left = 2 * number;
			if (number > TARSPARSE_MAX)
				return -E2BIG;
		} else if (left-- % 2 == 0) {
			offset = number;
		} else {
			r = tarsparse_add(m, offset, number);
			if (r < 0)
				return r;
		}
		number = digits = 0;
	}
	return 0;
}

int tarsparse_read_old(struct tarsparse *m, struct tarstream *s, const uint8_t *raw,
		       int64_t *real, struct err *e)
{
	const uint8_t *b = raw;
	bool more = raw[482];
	int r = add_old(m, raw + 386, 4);

	if (r >= 0 && (tarheader_number(raw + 483, 12, real) < 0 || *real < 0))
		r = -EINVAL;
	while (r >= 0 && more) {
		r = tarstream_block(s, &b, e);
		if (r < 0)
			break;
		more = b[504];
		r = add_old(m, b, EXTENDED);
	}
	return r < 0 ? r : 0;
}

int tarsparse_check(const struct tarsparse *m, uint64_t real_size, uint64_t stored)
{
	uint64_t end = 0, sum = 0;

	for (size_t i = 0; i < m->len; i++) {
		const struct tarsparse_piece *p = &m->v[i];

		if (p->offset < end || p->offset > real_size ||
		    p->size > real_size - p->offset)
			return -EINVAL;
		end = p->offset + p->size;
		sum += p->size; /* at most real_size, so it cannot wrap */
	}
	return sum == stored ? 0 : -EINVAL;
}

void tarsparse_reset(struct tarsparse *m)
{
	m->len = 0;
}

void tarsparse_done(struct tarsparse *m)
{
	free(m->v);
	*m = (struct tarsparse){ 0 };
}
