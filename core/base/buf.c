/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer with a hard maximum. */
#include "core/base/buf.h"

#include <errno.h>

#include "core/base/mem.h"

#define BUF_FIRST 64

int buf_reserve(struct buf *b, size_t n)
{
	size_t max = b->max ? b->max : BUF_MAX_DEFAULT;
	size_t cap;

	if (b->len > max || n > max - b->len)
		return -E2BIG;
	if (b->data && n < b->cap - b->len)
		return 0;
	cap = b->cap ? b->cap : BUF_FIRST;
	while (cap <= b->len + n)
		cap *= 2;
	b->data = mem_resize(b->data, cap, 1);
	b->data[b->len] = 0;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	int r = buf_reserve(b, n);

	if (r < 0)
		return r;
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = 0;
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_addv(b, fmt, ap);
	va_end(ap);
	return r;
}

int buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	char brief[256];
	va_list again;
	int n, r;

	va_copy(again, ap);
	n = vsnprintf(brief, sizeof(brief), fmt, again);
	va_end(again);
	if (n < 0)
		return -EINVAL;
	if ((size_t)n < sizeof(brief))
		return buf_add(b, brief, (size_t)n);
	r = buf_reserve(b, (size_t)n);
	if (r < 0)
		return r;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

void buf_consume(struct buf *b, size_t n)
{
	if (!n)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = 0;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = 0;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *p = b->data ? b->data : mem_alloc(1);

	b->data = NULL;
	b->len = 0;
	b->cap = 0;
	return p;
}

void buf_done(struct buf *b)
{
	if (!b)
		return;
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}
