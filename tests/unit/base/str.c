/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/str.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(comparison)
{
	CHECK(str_eq("a", "a") && !str_eq("a", "b") && str_eq(NULL, NULL));
	CHECK(!str_eq("a", NULL) && !str_eq(NULL, "a"));
	CHECK(str_starts("abc", "ab") && str_starts("abc", "") &&
	      !str_starts("ab", "abc"));
	CHECK(str_ends("abc", "bc") && str_ends("abc", "") && !str_ends("bc", "abc"));
	CHECK(str_empty(NULL) && str_empty("") && !str_empty("a"));
}

TEST(building)
{
	autofree char *f = str_fmt("%d-%s", 7, "x");
	autofree char *n = str_ndup("hello", 3);
	autofree char *whole = str_ndup("hi", 30);
	autofree char *slot = NULL;
	char small[4];

	CHECK_STR(f, "7-x");
	CHECK_STR(n, "hel");
	CHECK_STR(whole, "hi");
	CHECK(str_dup(NULL) == NULL);
	str_set(&slot, "one");
	str_set(&slot, slot + 1);
	CHECK_STR(slot, "ne");
	CHECK_INT(str_copy(small, sizeof(small), "abc"), 0);
	CHECK_STR(small, "abc");
	CHECK_INT(str_copy(small, sizeof(small), "abcd"), -E2BIG);
	CHECK_STR(small, "");
	CHECK_INT(str_print(small, sizeof(small), "%s", "abcd"), -E2BIG);
	CHECK_STR(small, "abc");
	CHECK_INT(str_print(small, sizeof(small), "%d", 12), 0);
}

TEST(numbers)
{
	uint64_t u = 5;
	int64_t i = 5;

	CHECK_INT(str_u64("18446744073709551615", UINT64_MAX, &u), 0);
	CHECK(u == UINT64_MAX);
	CHECK_INT(str_u64("18446744073709551616", UINT64_MAX, &u), -ERANGE);
	CHECK_INT(str_u64("65536", 65535, &u), -ERANGE);
	CHECK_INT(str_u64("", 9, &u), -EINVAL);
	CHECK_INT(str_u64(" 1", 9, &u), -EINVAL);
	CHECK_INT(str_u64("1 ", 9, &u), -EINVAL);
	CHECK_INT(str_u64("+1", 9, &u), -EINVAL);
	CHECK_INT(str_u64("-1", 9, &u), -EINVAL);
	CHECK_INT(str_u64("0x1", 9, &u), -EINVAL);
	CHECK_INT(str_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i), 0);
	CHECK(i == INT64_MIN);
	CHECK_INT(str_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i), -ERANGE);
	CHECK_INT(str_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &i), -ERANGE);
	CHECK_INT(str_i64("-", INT64_MIN, INT64_MAX, &i), -EINVAL);
	CHECK_INT(str_i64("--1", INT64_MIN, INT64_MAX, &i), -EINVAL);
	CHECK_INT(str_i64("-0", INT64_MIN, INT64_MAX, &i), 0);
	CHECK_INT(i, 0);
	CHECK_INT(str_i64("-5", -4, 4, &i), -ERANGE);
	CHECK_INT(str_oct("755", 07777, &u), 0);
	CHECK_INT(u, 0755);
	CHECK_INT(str_oct("8", 07777, &u), -EINVAL);
	CHECK_INT(str_oct("10000", 07777, &u), -ERANGE);
}

TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {
		{ "1024", 1024 },
		{ "0", 0 },
		{ "64m", 64 << 20 },
		{ "1.5g", 3ull << 29 },
		{ "10MB", 10 << 20 },
		{ "1GiB", 1 << 30 },
		{ "32 kb", 32 << 10 },
		{ "1b", 1 },
		{ "2TB", 2ull << 40 },
		{ "1p", 1ull << 50 },
		{ "0.5k", 512 },
		{ "8191P", 8191ull << 50 },
		{ "1.00000000000000000000000000000k", 1024 },
	};
	static const char *const bad[] = { "-1",    "",    "m",    "1x",  "1mm",
					   "1 .5m", "1.m", ".5m",  "1ib", "1iB",
					   "1..5",  "1e3", "1  k", " 1" };
	uint64_t n;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		n = 1;
		CHECK_INT(str_size(good[i].text, &n), 0);
		if (n != good[i].want)
			test_fail(__FILE__, __LINE__, "'%s' is %llu", good[i].text,
				  (unsigned long long)n);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (str_size(bad[i], &n) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' taken", bad[i]);
	}
	CHECK_INT(str_size("8192p", &n), -ERANGE);
	CHECK_INT(str_size("99999999999999999999", &n), -ERANGE);
}

TEST(booleans)
{
	bool b = false;

	CHECK(str_bool("1", &b) == 0 && b);
	CHECK(str_bool("F", &b) == 0 && !b);
	CHECK(str_bool("True", &b) == 0 && b);
	CHECK(str_bool("FALSE", &b) == 0 && !b);
	CHECK_INT(str_bool("yes", &b), -EINVAL);
	CHECK_INT(str_bool("tRUE", &b), -EINVAL);
	CHECK_INT(str_bool("", &b), -EINVAL);
}

TEST(hex)
{
	const uint8_t bytes[] = { 0, 0x9f, 0xff };
	uint8_t back[3] = { 1, 2, 3 };
	char text[7];

	str_hex(text, bytes, 3);
	CHECK_STR(text, "009fff");
	CHECK_INT(str_unhex(back, 3, text, 6), 0);
	CHECK(memcmp(bytes, back, 3) == 0);
	CHECK_INT(str_unhex(back, 3, "009fF0", 6), -EINVAL);
	CHECK_INT(str_unhex(back, 3, "009ff", 5), -EINVAL);
	CHECK_INT(str_unhex(back, 3, "009ff00", 7), -EINVAL);
	CHECK(memcmp(bytes, back, 3) == 0);
}

TEST(escaping)
{
	autobuf b = { 0 };

	CHECK_INT(str_escape(&b, "a\tb\x1b[31m\n\x7f\xc3\xa9\xc2\x9b."), 0);
	CHECK_STR(buf_str(&b), "a\tb\\x1b[31m\\x0a\\x7f\xc3\xa9\\x9b.");
}

TEST(quoting)
{
	static const char text[] = "a\"\\\n\t\x1b\x7f\0\xc3\xa9\xc2\x85\xff\xed\xa0\x80z";
	autobuf b = { 0 };

	CHECK_INT(str_quote(&b, text, sizeof(text) - 1), 0);
	CHECK_STR(buf_str(&b), "\"a\\\"\\\\\\n\\t\\x1b\\x7f\\x00\xc3\xa9\\u0085\\xff"
			       "\\xed\\xa0\\x80z\"");
}

TEST(globs)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} all[] = {
		{ "*", "", true },
		{ "", "", true },
		{ "", "a", false },
		{ "a*b*c", "aXXbYYc", true },
		{ "a*b*c", "aXXbYY", false },
		{ "?", "a", true },
		{ "?", "", false },
		{ "[a-c]x", "bx", true },
		{ "[!a-c]x", "bx", false },
		{ "[^a-c]x", "dx", true },
		{ "[]]", "]", true },
		{ "[a", "[a", true },
		{ "\\*", "*", true },
		{ "\\*", "a", false },
		{ "*.tar", "x.tar.tar", true },
		{ "a", "A", false },
		{ "*a", "aab", false },
		{ "**x", "x", true },
		{ "[-a]", "-", true },
		{ "x\\", "x\\", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (str_glob(all[i].pattern, all[i].text) != all[i].want)
			test_fail(__FILE__, __LINE__, "'%s' against '%s'", all[i].pattern,
				  all[i].text);
	}
}
