/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/digest.h"

#include <errno.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TEST(text_and_back)
{
	char text[DIGEST_TEXT_MAX];
	struct digest d;

	CHECK_INT(digest_parse("sha256:" HEX64, &d), 0);
	CHECK_INT(d.algorithm, DIGEST_SHA256);
	CHECK_INT(d.bytes[0], 0xe3);
	CHECK_INT(d.bytes[31], 0x55);
	CHECK_INT(d.bytes[32], 0);
	CHECK_STR(digest_text(text, &d), "sha256:" HEX64);
	CHECK_STR(digest_hex(text, &d), HEX64);
	CHECK_INT(digest_parse("sha512:" HEX64 HEX64, &d), 0);
	CHECK_STR(digest_text(text, &d), "sha512:" HEX64 HEX64);
	CHECK_INT(d.bytes[63], 0x55);
}

TEST(nothing_else_is_a_digest)
{
	static const char *const bad[] = {
		"",
		"sha256",
		"sha256:",
		HEX64,
		"sha256:" HEX64 "0",
		"sha256:" HEX64 "\n",
		" sha256:" HEX64,
		"sha256:E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:../../../../../../../../../../../../../../../../../../../etc/"
		"passwd",
		"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"SHA256:" HEX64,
		"sha512:" HEX64,
		"sha256:" HEX64 HEX64,
		"md5:d41d8cd98f00b204e9800998ecf8427e",
		"sha384:" HEX64,
	};
	struct digest d = { .algorithm = DIGEST_NONE };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (digest_parse(bad[i], &d) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' is taken", bad[i]);
	}
	CHECK(!digest_is_set(&d));
}

TEST(equality)
{
	struct digest a, b, none = { 0 };
	char text[DIGEST_TEXT_MAX];

	CHECK_INT(digest_parse("sha256:" HEX64, &a), 0);
	b = a;
	CHECK(digest_eq(&a, &b));
	b.bytes[31] ^= 1;
	CHECK(!digest_eq(&a, &b));
	b = a;
	b.algorithm = DIGEST_SHA512;
	CHECK(!digest_eq(&a, &b));
	CHECK(!digest_eq(&a, &none));
	CHECK_STR(digest_text(text, &none), "");
}
