/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/dockerignore.h"

#include "core/base/mem.h"
#include "tests/unit/test.h"

static bool has(const char *text, const char *path)
{
	autodone(dockerignore_done) struct dockerignore d = { 0 };
	struct err e = { 0 };

	CHECK_INT(dockerignore_parse(text, strlen(text), ".dockerignore", &d, &e), 0);
	return dockerignore_has(&d, path);
}

TEST(plain_patterns)
{
	CHECK(has("a\n", "a"));
	CHECK(has("/a/\n", "a/b/c"));
	CHECK(!has("a\n", "b/a"));
	CHECK(has("./x/../a  \n", "a"));
	CHECK(!has("# a\n\n", "a"));
	CHECK(has(" #a\n", "#a"));
	CHECK(!has(".\n", "a"));
}

TEST(signs)
{
	CHECK(has("*.md\n", "a.md"));
	CHECK(!has("*.md\n", "b/a.md"));
	CHECK(has("*/temp*\n", "sub/temporary.txt"));
	CHECK(has("*/*/temp*\n", "a/b/temp"));
	CHECK(!has("*/temp*\n", "a/b/temp"));
	CHECK(has("temp?\n", "tempa"));
	CHECK(!has("temp?\n", "temp"));
	CHECK(has("[a-c]x\n", "bx"));
	CHECK(!has("[^a-c]x\n", "bx"));
	CHECK(has("[]a]x\n", "]x"));
	CHECK(has("\\*x\n", "*x"));
	CHECK(!has("\\*x\n", "ax"));
}

TEST(two_stars)
{
	CHECK(has("**/*.go\n", "a.go"));
	CHECK(has("**/*.go\n", "a/b/c.go"));
	CHECK(has("**/x\n", "x/y"));
	CHECK(has("a/**/b\n", "a/b"));
	CHECK(has("a/**/b\n", "a/x/y/b"));
	CHECK(!has("a/**/b\n", "a/xb"));
	CHECK(has("a/**\n", "a/b/c"));
	CHECK(!has("a/**\n", "b"));
	CHECK(has("**\n", "a/b"));
}

TEST(exceptions)
{
	CHECK(!has("*\n!a\n", "a"));
	CHECK(!has("*\n!a\n", "a/b"));
	CHECK(has("*.md\n!README*.md\nREADME-secret.md\n", "README-secret.md"));
	CHECK(!has("*.md\n!README*.md\n", "README-x.md"));
	CHECK(!has("*.md\nREADME-secret.md\n!README*.md\n", "README-secret.md"));
	CHECK(!has("**\n!src/**/*.c\n", "src/a/b.c"));
	CHECK(has("**\n!src/**/*.c\n", "src/a/b.h"));
	CHECK(!has("!a\n", "a"));
	CHECK(!has("../a\n", "a"));
	CHECK(!has("b/../../a\n", "a"));
	CHECK(has("b/../a\n", "a"));
	CHECK(has("/../a\n", "a"));
}

TEST(refused)
{
	autodone(dockerignore_done) struct dockerignore d = { 0 };
	struct err e = { 0 };

	CHECK(dockerignore_parse("ok\na[b\n", 7, "f", &d, &e) < 0);
	CHECK_STR(e.text, "f:2: syntax error in pattern 'a[b'");
	CHECK(dockerignore_parse("!\n", 2, "f", &d, &e) < 0);
	CHECK_STR(e.text, "f:1: illegal exclusion pattern: \"!\"");
}
