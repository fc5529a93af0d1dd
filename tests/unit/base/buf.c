/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/buf.h"

#include <errno.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(grows)
{
	autobuf b = { 0 };
	autofree char *taken = NULL;
	autofree char *nothing = NULL;

	CHECK_STR(buf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		CHECK_INT(buf_addf(&b, "%03d", i), 0);
	CHECK_INT(b.len, 3000);
	CHECK_INT(strlen(b.data), 3000);
	buf_consume(&b, 2997);
	CHECK_STR(buf_str(&b), "999");
	buf_consume(&b, 0);
	CHECK_INT(buf_add(&b, "\0x", 2), 0);
	CHECK_INT(b.len, 5);
	taken = buf_take(&b);
	CHECK_STR(taken, "999");
	CHECK_INT(b.len, 0);
	nothing = buf_take(&b);
	CHECK_STR(nothing, "");
}

TEST(keeps_its_maximum)
{
	autobuf b = { .max = 5 };

	CHECK_INT(buf_adds(&b, "12345"), 0);
	CHECK_INT(buf_addc(&b, '6'), -E2BIG);
	CHECK_INT(buf_addf(&b, "%d", 6), -E2BIG);
	CHECK_INT(buf_reserve(&b, SIZE_MAX), -E2BIG);
	CHECK_STR(buf_str(&b), "12345");
	CHECK_INT(buf_adds(&b, ""), 0);
	buf_reset(&b);
	CHECK_STR(buf_str(&b), "");
	CHECK_INT(buf_adds(&b, "abcdef"), -E2BIG);
	CHECK_INT(b.len, 0);
}
