/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one document or one run, freed whole; with a hard maximum. */
#include "core/base/arena.h"

#include "core/base/mem.h"

#define BLOCK 4096
#define ALIGN _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	char *p;

	if (n > a->max || a->used > a->max - n)
		return NULL;
	a->used += n;
	n = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (!b || n > b->size - b->used) {
		size_t size = n > BLOCK ? n : BLOCK;

		b = mem_alloc(sizeof(*b) + size);
		b->size = size;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = b->bytes + b->used;
	b->used += n;
	return p;
}

char *arena_dup(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

void arena_done(struct arena *a)
{
	if (!a)
		return;
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->used = 0;
}
