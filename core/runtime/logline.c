/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a stream. */
#include "core/runtime/logline.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/mem.h"

/* The rest of an unfinished line, up to its newline or as much as a line may hold. Bytes
 * taken. */
static size_t complete(struct buf *line, const char *p, size_t n, bool *ret_whole)
{
	const char *nl = memchr(p, '\n', n);
	size_t take = nl ? (size_t)(nl - p) + 1 : n, room = LOGLINE_MAX - line->len;

	*ret_whole = nl || take >= room;
	if (take > room)
		take = room;
	buf_add(line, p, take);
	return take;
}

int logline_feed(struct logline *l, int stream, const void *data, size_t n,
		 logline_fn *fn, void *arg)
{
	struct buf *line = &l->rest[stream];
	const char *p = data;
	int r = 0, later = 0;

	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		bool whole = true;
		size_t take;

		if (line->len == 0 && nl && nl - p < LOGLINE_MAX) {
			take = (size_t)(nl - p) + 1;
			later = fn(arg, stream, p, take);
		} else {
			take = complete(line, p, n, &whole);
			if (whole) {
				later = fn(arg, stream, line->data, line->len);
				buf_reset(line);
			}
		}
		r = later < 0 ? later : r;
		p += take;
		n -= take;
	}
	return r;
}

int logline_finish(struct logline *l, logline_fn *fn, void *arg)
{
	int r = 0;

	for (int s = 0; s < 2; s++) {
		if (l->rest[s].len > 0) {
			int later = fn(arg, s, l->rest[s].data, l->rest[s].len);

			r = later < 0 ? later : r;
		}
		buf_reset(&l->rest[s]);
	}
	return r;
}

void logline_done(struct logline *l)
{
	buf_done(&l->rest[0]);
	buf_done(&l->rest[1]);
}
