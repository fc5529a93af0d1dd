/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/platform.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

TEST(parsed)
{
	static const char *const cases[][2] = {
		{ "linux/amd64", "linux/amd64" },
		{ "linux/x86_64", "linux/amd64" },
		{ "linux/aarch64", "linux/arm64" },
		{ "linux/arm64/v8", "linux/arm64" },
		{ "arm64", "linux/arm64" },
		{ "linux/arm", "linux/arm/v7" },
		{ "linux/arm/7", "linux/arm/v7" },
		{ "linux/arm/v6", "linux/arm/v6" },
		{ "armhf", "linux/arm/v7" },
		{ "armel", "linux/arm/v6" },
		{ "i386", "linux/386" },
		{ "s390x", "linux/s390x" },
		{ "macos/arm64", "darwin/arm64" },
		{ "LINUX/AMD64", "linux/amd64" },
		{ "linux/amd64/v1", "linux/amd64" },
		{ "linux/amd64/v3", "linux/amd64/v3" },
		{ "linux/newcpu", "linux/newcpu" },
	};
	struct platform p;
	struct err e = { 0 };
	char text[96];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_INT(platform_parse(cases[i][0], &p, &e), 0);
		CHECK_STR(platform_text(text, &p), cases[i][1]);
	}
}

TEST(refused)
{
	static const char *const bad[] = {
		"",
		"/",
		"linux/",
		"/amd64",
		"linux//v8",
		"linux/arm/v7/x",
		"a b/c",
		"nonsense",
		"linux/amd64/",
		"linux/../x y",
		"linux/am\x01"
		"64",
		"linux/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"linux/arm/vvvvvvvvvvvvvvvvvvvvvvvvv",
	};
	struct platform p = { .os = "was" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (platform_parse(bad[i], &p, &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' is taken", bad[i]);
	}
	CHECK_STR(p.os, "was");
}

static int match(const char *want, const char *have)
{
	struct platform w, h;

	if (platform_parse(want, &w, NULL) < 0 || platform_parse(have, &h, NULL) < 0)
		return -1;
	return platform_match(&w, &h);
}

TEST(matching)
{
	struct platform none = { .os = "" }, any;

	CHECK(match("linux/amd64", "linux/amd64") > 0);
	CHECK_INT(match("linux/amd64", "linux/arm64"), 0);
	CHECK_INT(match("linux/amd64", "windows/amd64"), 0);
	CHECK_INT(match("linux/amd64", "linux/amd64/v2"), 0);
	CHECK(match("linux/amd64/v3", "linux/amd64/v2") >
	      match("linux/amd64/v3", "linux/amd64"));
	CHECK(match("linux/amd64/v3", "linux/amd64") > 0);
	CHECK(match("linux/arm64", "linux/arm64/v8") > 0);
	CHECK(match("linux/arm", "linux/arm/v7") > match("linux/arm", "linux/arm/v6"));
	CHECK(match("linux/arm/v7", "linux/arm/v6") >
	      match("linux/arm/v7", "linux/arm/v5"));
	CHECK_INT(match("linux/arm/v6", "linux/arm/v7"), 0);
	CHECK_INT(match("linux/arm64", "linux/arm64/v9"), 0);
	CHECK_INT(match("linux/arm/v7", "linux/arm/weird"), 0);
	platform_host(&any);
	CHECK_INT(platform_match(&any, &none), 0);
	CHECK(platform_match(&any, &any) > 0);
	CHECK_STR(any.os, "linux");
}
