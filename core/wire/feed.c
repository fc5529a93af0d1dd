/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed input taken byte by byte. */
#include "core/wire/feed.h"

#include <errno.h>

bool feed_is_end(struct feed *f)
{
	ssize_t n;

	if (f->pos < f->len)
		return false;
	n = f->failed ? 0 : f->read(f->arg, f->in, sizeof(f->in));
	f->pos = f->len = 0;
	if (n < 0)
		f->failed = (int)n;
	f->len = n > 0 ? (size_t)n : 0;
	return n <= 0;
}

bool feed_more(struct feed *f)
{
	if (!feed_is_end(f))
		return true;
	if (!f->failed)
		f->failed = -ENODATA;
	return false;
}

uint64_t feed_number(struct feed *f, unsigned n)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < n; i++)
		x |= (uint64_t)feed_byte(f) << (8 * i);
	return x;
}
