/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/whiteout.h"

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(kinds)
{
	static const struct {
		const char *base;
		enum whiteout_kind kind;
		const char *hidden;
	} cases[] = {
		{ "a", WHITEOUT_NO, NULL },
		{ "", WHITEOUT_NO, NULL },
		{ ".wh", WHITEOUT_NO, NULL },
		{ "x.wh.a", WHITEOUT_NO, NULL },
		{ ".wh.a", WHITEOUT_FILE, "a" },
		{ ".wh..a", WHITEOUT_FILE, ".a" },
		{ ".wh....", WHITEOUT_FILE, "..." },
		{ ".wh..wh", WHITEOUT_FILE, ".wh" },
		{ ".wh..wh..opq", WHITEOUT_OPAQUE, NULL },
		{ ".wh..wh..opqx", WHITEOUT_RESERVED, NULL },
		{ ".wh..wh.plnk", WHITEOUT_RESERVED, NULL },
		{ ".wh..wh.", WHITEOUT_RESERVED, NULL },
		{ ".wh.", WHITEOUT_BAD, NULL },
		{ ".wh..", WHITEOUT_BAD, NULL },
		{ ".wh...", WHITEOUT_BAD, NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *hidden = NULL;

		if (whiteout_kind(cases[i].base, &hidden) != cases[i].kind)
			test_fail(__FILE__, __LINE__, "%s", cases[i].base);
		CHECK_STR(hidden, cases[i].hidden);
	}
}
