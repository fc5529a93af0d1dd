/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: comparison, building, strict numbers. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL equals only NULL. */
bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* NULL or "". */
bool str_empty(const char *s);
/* NULL stays NULL. */
char *str_dup(const char *s);
char *str_ndup(const char *s, size_t n);
/* As asprintf; aborts when out of memory. */
char *str_fmt(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *str_fmtv(const char *fmt, va_list ap);
/* *slot = copy of s (or NULL), the old value released. */
void str_set(char **slot, const char *s);
/* Copies with NUL into dst of size bytes; returns -E2BIG and an empty dst when it does
 * not fit. */
int str_copy(char *dst, size_t size, const char *s);
/* As snprintf, but -E2BIG (and what fits) when cut. */
int str_print(char *dst, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whole string, decimal digits only (a leading '-' for i64), no white space: 0, or
 * -EINVAL, or -ERANGE past min/max. */
int str_u64(const char *s, uint64_t max, uint64_t *ret);
int str_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
/* Octal digits only. */
int str_oct(const char *s, uint64_t max, uint64_t *ret);
/* Docker's sizes: "64m", "1.5g", "1024", "10MB", "1GiB" (powers of 1024); "-1" is
 * refused. */
int str_size(const char *s, uint64_t *ret);
/* Docker's booleans as Go's strconv.ParseBool reads them: 1 t true T TRUE True / 0 f … */
int str_bool(const char *s, bool *ret);

/* dst holds 2 n + 1 bytes. */
void str_hex(char *dst, const uint8_t *p, size_t n);
/* Exactly 2 n lower-case hex digits -> n bytes; -EINVAL else. */
int str_unhex(uint8_t *dst, size_t n, const char *hex, size_t len);

struct buf;
/* Appends s with control characters (C0 but tab, DEL, C1 as UTF-8) as visible "\\xNN"; 0
 * or -E2BIG. */
int str_escape(struct buf *out, const char *s);

/* Appends the n bytes at s in double quotes, as Go's %q does: \\n, \\", \\x1b, \\u0085; 0
 * or -E2BIG. */
int str_quote(struct buf *out, const char *s, size_t n);

/* Length of the UTF-8 sequence that begins the n > 0 bytes at s (1 to 4), 0 when none
 * does. */
size_t str_rune(const void *s, size_t n);

/* Shell-like match with * ? [..]; whole string. */
bool str_glob(const char *pattern, const char *s);

#endif
