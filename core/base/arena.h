/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one document or one run, freed whole; with a hard maximum. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "core/base/mem.h"

/* Zero-initialise, with max set. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* bytes given out */
	size_t max;
};

/* n zeroed bytes, aligned for anything; NULL past the maximum. */
void *arena_alloc(struct arena *a, size_t n);
/* A copy of the n bytes at p with a NUL behind; NULL past the maximum. */
char *arena_dup(struct arena *a, const char *p, size_t n);
void arena_done(struct arena *a);

#define autoarena autodone(arena_done) struct arena

#endif
