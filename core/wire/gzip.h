/* SPDX-License-Identifier: Apache-2.0 */
/* A gzip encoder (RFC 1952), pushing: one member. The output depends on the input, the
 * level and the comment alone: no time or name goes into the header. */
#ifndef WIRE_GZIP_H
#define WIRE_GZIP_H

#include <stddef.h>

#include "core/base/err.h"

#define GZIP_LEVEL_MAX 3

typedef int gzip_write_fn(void *arg, const void *p, size_t n);
struct gzip;
/* The write function returns 0 or -errno. Level 0, the quickest, to GZIP_LEVEL_MAX; in
 * the small executable (inner.c) 0 is all there is. comment: a line for the header, or
 * NULL; not copied. */
struct gzip *gzip_new(unsigned int level, const char *comment, gzip_write_fn *write,
		      void *arg);
int gzip_write(struct gzip *z, const void *p, size_t n, struct err *e);
/* After it nothing may be written. */
int gzip_finish(struct gzip *z, struct err *e);
void gzip_free(struct gzip *z);

#endif
