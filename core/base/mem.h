/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: allocation that aborts when there is none, and scope-bound release. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

/* Zeroed memory; aborts the process when there is none (the one place that does).
 * A size of 0 gives a valid pointer. Release with free(). */
void *mem_alloc(size_t size);
/* As calloc, with the overflow of n * size caught (aborts). */
void *mem_array(size_t n, size_t size);
/* As realloc to n * size bytes; new bytes are not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);
void *mem_dup(const void *p, size_t size);
/* Of bytes that do not matter any more the kernel gets all that fill whole pages back;
 * these are zero then. */
void mem_rest(void *p, size_t size);

#define mem_new(type) ((type *)mem_alloc(sizeof(type)))

static inline void mem_autofree(void *p)
{
	free(*(void **)p);
}

/* `autofree char *s = …;` releases s at the end of its scope. */
#define autofree __attribute__((cleanup(mem_autofree)))
/* Declares a cleanup by a noun's own destructor: `autodone(buf_done) struct buf b = {0};`
 */
#define autodone(fn) __attribute__((cleanup(fn)))

/* The value of p, and p becomes NULL: ownership moves on. */
#define TAKE_PTR(p) \
	({ \
		typeof(p) take_ = (p); \
		(p) = NULL; \
		take_; \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
