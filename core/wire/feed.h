/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed input taken byte by byte: what the decoders of this project's own hand
 * (xz.c, lzma.c, bzip2.c) read from. */
#ifndef WIRE_FEED_H
#define WIRE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FEED_ROOM 16384

/* Zero-initialise, then set read and arg. */
struct feed {
	ssize_t (*read)(void *arg, void *p, size_t n); /* bytes, 0 at the end, -errno */
	void *arg;
	uint64_t taken; /* bytes asked for */
	int failed;     /* -errno of read, or -ENODATA for what goes past the end */
	size_t pos, len;
	uint8_t in[FEED_ROOM];
};

/* Reads more; false at the end, or when it failed. */
bool feed_more(struct feed *f);

/* The next byte. Past the end it is 0, counted all the same, and f->failed says so: so a
 * decoder may look once for each of its steps, and waits for nothing. */
static inline uint8_t feed_byte(struct feed *f)
{
	f->taken++;
	if (f->pos == f->len && !feed_more(f))
		return 0;
	return f->in[f->pos++];
}

/* Is there no further byte? That alone is no failure. */
bool feed_is_end(struct feed *f);
/* Little-endian number of n bytes, n <= 8. */
uint64_t feed_number(struct feed *f, unsigned n);

#endif
