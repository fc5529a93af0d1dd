/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/id.h"

#include "core/base/str.h"
#include "tests/unit/test.h"

TEST(ids)
{
	char a[ID_LEN + 1], b[ID_LEN + 1];

	id_new(a);
	id_new(b);
	CHECK(strcmp(a, b) != 0);
	for (int i = 0; i < 500; i++) {
		id_new(a);
		CHECK_INT(strlen(a), ID_LEN);
		CHECK(id_is_hex(a));
		CHECK(strspn(a, "0123456789") < 12);
	}
	CHECK(id_is_hex("0f") && !id_is_hex("") && !id_is_hex("0F") && !id_is_hex("0g"));
	CHECK(!id_is_hex(
		"00000000000000000000000000000000000000000000000000000000000000000"));
}

TEST(names)
{
	char name[64];

	for (int i = 0; i < 500; i++) {
		const char *digit;

		id_name(name, sizeof(name), i % 2);
		CHECK(id_name_valid(name));
		CHECK(strchr(name, '_') != NULL);
		digit = strpbrk(name, "0123456789");
		CHECK(i % 2 ? digit && !digit[1] : !digit);
	}
}

TEST(valid_names)
{
	char longest[300];

	CHECK(id_name_valid("ab") && id_name_valid("9z") && id_name_valid("a_.-B0"));
	CHECK(!id_name_valid("a") && !id_name_valid("") && !id_name_valid(NULL));
	CHECK(!id_name_valid("-a") && !id_name_valid("_a") && !id_name_valid(".a"));
	CHECK(!id_name_valid("a/b") && !id_name_valid("a b") && !id_name_valid("a\n"));
	memset(longest, 'a', sizeof(longest));
	longest[256] = 0;
	CHECK(!id_name_valid(longest));
	longest[255] = 0;
	CHECK(id_name_valid(longest));
}
