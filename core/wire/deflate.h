/* SPDX-License-Identifier: Apache-2.0 */
/* A small gzip encoder (RFC 1951 and 1952) for processes that carry no compression
 * library: one pass, fixed codes, matches found by one hash table. Text logs shrink to a
 * quarter; what must be small is the encoder's (encoder.h) to do. */
#ifndef WIRE_DEFLATE_H
#define WIRE_DEFLATE_H

#include <stddef.h>

#include "core/base/buf.h"

struct deflate;
/* Begins a member with this comment (no NUL in it) in its header; out gets the bytes. */
struct deflate *deflate_new(const char *comment, struct buf *out);
/* Each appends to out: 0, or -E2BIG past its maximum. */
int deflate_add(struct deflate *d, const void *p, size_t n, struct buf *out);
int deflate_end(struct deflate *d, struct buf *out);
void deflate_free(struct deflate *d);

#endif
