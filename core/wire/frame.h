/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of an attach stream: docker's 8-byte header {stream, 0, 0, 0, size big-endian},
 * with streams of our own above 15 for the monitor's socket. A pure parser over bytes. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"

#define FRAME_HEADER 8
#define FRAME_MAX    (1u << 20) /* payload bytes */

enum frame_stream {
	FRAME_STDIN = 0, /* client → monitor; empty payload: end of input */
	FRAME_STDOUT = 1,
	FRAME_STDERR = 2,
	FRAME_RESIZE =
		16, /* client → monitor: rows, columns (2 bytes each, big-endian) */
	FRAME_EXIT =
		17, /* monitor → client: exit code (4 bytes, big-endian), then close */
	FRAME_START = 18, /* client → monitor: a created container may run now */
	FRAME_ERROR = 19, /* monitor → client: -errno (4 bytes), then the sentence */
	FRAME_STATUS = 20, /* monitor → client: one byte of enum container status, on each
			      change */
	FRAME_ATTACH =
		21, /* client → monitor: one byte of FRAME_WANT_* bits; none by default */
};

#define FRAME_WANT_STDIN  1
#define FRAME_WANT_STDOUT 2
#define FRAME_WANT_STDERR 4

struct frame {
	uint8_t stream;
	uint32_t size;
	const uint8_t *payload;
};

void frame_header(uint8_t dst[FRAME_HEADER], enum frame_stream stream, uint32_t size);
/* Header and payload; -E2BIG for n > FRAME_MAX or past the buffer's maximum (then out is
 * unchanged). */
int frame_add(struct buf *out, enum frame_stream stream, const void *p, size_t n);
/* The header alone, for who takes the payload as it comes: 0, or -EINVAL for an unknown
 * stream, a size past FRAME_MAX or padding that is not zero. */
int frame_parse_header(const uint8_t p[FRAME_HEADER], struct frame *ret);
/* 1 and the frame when p holds a whole one (*used = bytes to drop), 0 when more is
 * needed, -EINVAL as above. */
int frame_parse(const uint8_t *p, size_t n, struct frame *ret, size_t *used);

#endif
