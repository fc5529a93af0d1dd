/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of an attach stream. */
#include "core/wire/frame.h"

#include <errno.h>
#include <stdbool.h>

void frame_header(uint8_t dst[FRAME_HEADER], enum frame_stream stream, uint32_t size)
{
	dst[0] = (uint8_t)stream;
	dst[1] = dst[2] = dst[3] = 0;
	dst[4] = (uint8_t)(size >> 24);
	dst[5] = (uint8_t)(size >> 16);
	dst[6] = (uint8_t)(size >> 8);
	dst[7] = (uint8_t)size;
}

int frame_add(struct buf *out, enum frame_stream stream, const void *p, size_t n)
{
	uint8_t header[FRAME_HEADER];
	int r;

	if (n > FRAME_MAX)
		return -E2BIG;
	r = buf_reserve(out, FRAME_HEADER + n);
	if (r < 0)
		return r;
	frame_header(header, stream, (uint32_t)n);
	r = buf_add(out, header, sizeof(header));
	return r < 0 || n == 0 ? r : buf_add(out, p, n);
}

static bool is_stream(uint8_t s)
{
	return s <= FRAME_STDERR || (s >= FRAME_RESIZE && s <= FRAME_ATTACH);
}

int frame_parse_header(const uint8_t p[FRAME_HEADER], struct frame *ret)
{
	uint32_t size =
		(uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7];

	if (!is_stream(p[0]) || p[1] || p[2] || p[3] || size > FRAME_MAX)
		return -EINVAL;
	*ret = (struct frame){ .stream = p[0],
			       .size = size,
			       .payload = p + FRAME_HEADER };
	return 0;
}

int frame_parse(const uint8_t *p, size_t n, struct frame *ret, size_t *used)
{
	struct frame f;

	/* A wrong first byte is told at once: waiting for the rest of it helps nobody. */
	if (n > 0 && !is_stream(p[0]))
		return -EINVAL;
	if (n < FRAME_HEADER)
		return 0;
	if (frame_parse_header(p, &f) < 0)
		return -EINVAL;
	if (n - FRAME_HEADER < f.size)
		return 0;
	*ret = f;
	*used = FRAME_HEADER + (size_t)f.size;
	return 1;
}
