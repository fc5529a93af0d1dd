/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: allocation that aborts when there is none, and scope-bound release. */
#include "core/base/mem.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static void out_of_memory(void)
{
	static const char text[] = "rootless: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0) {
		/* Nobody to tell; the abort below says it. */
	}
	abort();
}

void *mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
	size_t total;
	void *q;

	if (__builtin_mul_overflow(n, size, &total))
		out_of_memory();
	/* realloc(p, 0) may free p and give NULL. */
	q = realloc(p, total ? total : 1);
	if (!q)
		out_of_memory();
	return q;
}

void *mem_dup(const void *p, size_t size)
{
	void *q = mem_alloc(size);

	if (size)
		memcpy(q, p, size);
	return q;
}

void mem_rest(void *p, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) & -page;
	uintptr_t to = ((uintptr_t)p + size) & -page;

	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}
