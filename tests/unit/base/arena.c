/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/arena.h"

#include <stdint.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(gives_zeroed_aligned_memory)
{
	autoarena a = { .max = 1 << 20 };
	char *big;

	for (size_t n = 0; n < 200; n++) {
		unsigned char *p = arena_alloc(&a, n);

		CHECK((uintptr_t)p % _Alignof(max_align_t) == 0);
		for (size_t i = 0; i < n; i++)
			CHECK(p[i] == 0);
		memset(p, 0xff, n);
	}
	big = arena_alloc(&a, 100000);
	CHECK(big && big[99999] == 0);
	CHECK_STR(arena_dup(&a, "hello", 3), "hel");
	CHECK_STR(arena_dup(&a, NULL, 0), "");
}

TEST(keeps_its_maximum)
{
	autoarena a = { .max = 10 };

	CHECK(arena_alloc(&a, 11) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
	CHECK(arena_alloc(&a, 10) != NULL);
	CHECK(arena_alloc(&a, 1) == NULL);
	arena_done(&a);
	CHECK(arena_alloc(&a, 10) != NULL);
	arena_done(NULL);
}
