/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer with a hard maximum. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "core/base/mem.h"

#define BUF_MAX_DEFAULT (64u << 20)

/* Zero-initialise (or set max first). data is NUL-terminated whenever it is not NULL;
 * that NUL is not counted in len. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* bytes; 0 means BUF_MAX_DEFAULT */
};

/* All adders return 0, or -E2BIG past the maximum (then the buffer is unchanged). */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_addv(struct buf *b, const char *fmt, va_list ap);
/* Room for n more bytes at data + len; the caller raises len by what it wrote. */
int buf_reserve(struct buf *b, size_t n);
/* Drops the first n bytes (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* Empties it, keeps the memory. */
void buf_reset(struct buf *b);
/* The text, "" when empty; valid until the next change. */
const char *buf_str(const struct buf *b);
/* The memory itself, NUL-terminated, owned by the caller; b is empty afterwards. Never
 * NULL. */
char *buf_take(struct buf *b);
void buf_done(struct buf *b);

#define autobuf autodone(buf_done) struct buf

#endif
