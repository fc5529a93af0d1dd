/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of sparse files in tar: which pieces of the file are in the archive (GNU tar
 * manual, "Storing Sparse Files"). */
#ifndef WIRE_TARSPARSE_H
#define WIRE_TARSPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/wire/tarstream.h"

#define TARSPARSE_MAX 65536 /* pieces */

struct tarsparse_piece {
	uint64_t offset, size;
};

/* Zero-initialise. */
struct tarsparse {
	struct tarsparse_piece *v;
	size_t len, cap;
};

/* -E2BIG past TARSPARSE_MAX; -EINVAL for negative numbers. */
int tarsparse_add(struct tarsparse *m, int64_t offset, int64_t size);
/* "offset,size,offset,size" of the pax formats 0.0 and 0.1. */
int tarsparse_add_text(struct tarsparse *m, const char *text);
/* The map at the head of the data (pax format 1.0): decimal lines, padded; *stored loses
 * what it took. e is set only when the stream fails. */
int tarsparse_read(struct tarsparse *m, struct tarstream *s, uint64_t *stored,
		   struct err *e);
/* GNU's old format: in the header raw (512 bytes) and extension blocks behind it; also
 * the file's size. e as above. */
int tarsparse_read_old(struct tarsparse *m, struct tarstream *s, const uint8_t *raw,
		       int64_t *real, struct err *e);
/* In order, not overlapping, inside real_size, stored bytes in all; -EINVAL else. */
int tarsparse_check(const struct tarsparse *m, uint64_t real_size, uint64_t stored);
void tarsparse_reset(struct tarsparse *m);
void tarsparse_done(struct tarsparse *m);

#endif
