/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes under a tar reader: one buffer over a read function. Sentences start "tar: ".
 */
#ifndef WIRE_TARSTREAM_H
#define WIRE_TARSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/wire/tar.h"

#define TARSTREAM_BUFFER (256u << 10)

/* Set read and arg, zero the rest. */
struct tarstream {
	tar_read_fn *read;
	void *arg;
	bool ended;
	size_t pos, len; /* what is in buf */
	uint8_t buf[TARSTREAM_BUFFER];
};

/* Makes want (<= TARSTREAM_BUFFER) bytes stand at buf + pos. How many there are: less
 * than want at the end only; -errno of the read function. */
ssize_t tarstream_need(struct tarstream *s, size_t want, struct err *e);
/* The rest: 0, -ENODATA when the stream ends before, -errno. */
int tarstream_skip(struct tarstream *s, uint64_t n, struct err *e);
/* One block of 512, valid until the next call. */
int tarstream_block(struct tarstream *s, const uint8_t **ret, struct err *e);
/* n bytes and a NUL to dst, and the padding passed over. */
int tarstream_body(struct tarstream *s, char *dst, size_t n, struct err *e);
/* "tar: the archive is cut short" */
int tarstream_cut_short(struct err *e);

#endif
