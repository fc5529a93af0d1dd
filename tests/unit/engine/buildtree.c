/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/buildtree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

struct tree {
	char path[32];
	int fd;
};

/* a/x.c a/b/y.c a/b/z.h out -> / loop -> loop */
static struct tree make(void)
{
	struct tree t = { .path = "/tmp/buildtree.XXXXXX" };
	static const char *const files[] = { "a/x.c", "a/b/y.c", "a/b/z.h" };

	CHECK(mkdtemp(t.path));
	t.fd = open(t.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(t.fd, "a", 0755);
	mkdirat(t.fd, "a/b", 0755);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fd_close(openat(t.fd, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	CHECK(!symlinkat("/", t.fd, "out") && !symlinkat("loop", t.fd, "loop"));
	return t;
}

static void drop(struct tree *t)
{
	fd_close(t->fd);
	file_remove_tree(AT_FDCWD, t->path);
}

static char *matches(const struct tree *t, const char *pattern)
{
	const struct buildtree b = { .root = t->fd, .path = pattern };
	autostrv found = { 0 };
	struct err e = { 0 };

	if (buildtree_match(&b, &found, &e) < 0)
		return str_dup(e.text);
	return strv_join(&found, " ");
}

static int note(void *arg, const struct buildtree_node *n, struct err *e)
{
	strv_addf(arg, "%s%s", n->leaving ? "-" : "", *n->rel ? n->rel : ".");
	return 0;
}

static char *walked(const struct tree *t, const char *match, const char *ignore,
		    const char *exclude)
{
	autodone(dockerignore_done) struct dockerignore i = { 0 }, x = { 0 };
	const struct buildtree b = { .root = t->fd, .ignore = &i, .exclude = &x };
	autostrv seen = { 0 };
	struct err e = { 0 };

	CHECK_INT(dockerignore_parse(ignore, strlen(ignore), "i", &i, &e), 0);
	CHECK_INT(dockerignore_parse(exclude, strlen(exclude), "x", &x, &e), 0);
	if (buildtree_walk(&b, match, note, &seen, &e) < 0)
		return str_dup(e.text);
	return strv_join(&seen, " ");
}

#define CHECK_TEXT(got, want) \
	do { \
		autofree char *got_text_ = (got); \
		CHECK_STR(got_text_, want); \
	} while (0)

TEST(patterns)
{
	struct tree t = make();

	CHECK_TEXT(matches(&t, "a/*.c"), "a/x.c");
	CHECK_TEXT(matches(&t, "*/*/[yz].?"), "a/b/y.c a/b/z.h");
	CHECK_TEXT(matches(&t, "/a/../a/b/"), "a/b");
	CHECK_TEXT(matches(&t, "."), "");
	CHECK_TEXT(matches(&t, "../../a"), "a");
	CHECK_TEXT(matches(&t, "nope*"), "'nope*': not found");
	/* a link to / is the root of the tree, whatever it is outside */
	CHECK_TEXT(matches(&t, "out/a/x.c"), "out/a/x.c");
	CHECK_TEXT(matches(&t, "out/etc/passwd"), "'out/etc/passwd': not found");
	CHECK_TEXT(matches(&t, "loop"), "'loop': not found");
	drop(&t);
}

TEST(walks)
{
	struct tree t = make();

	CHECK_TEXT(walked(&t, "a", "", ""), ". b b/y.c b/z.h -b x.c -.");
	CHECK_TEXT(walked(&t, "a/x.c", "", ""), ".");
	CHECK_TEXT(walked(&t, "a", "a/b\n", ""), ". x.c -.");
	CHECK_TEXT(walked(&t, "a", "*\n!a/b/z.h\n", ""), "b/z.h");
	CHECK_TEXT(walked(&t, "a", "", "**/*.c\n"), ". b b/z.h -b -.");
	CHECK_TEXT(walked(&t, "a/x.c", "", "*.c\n"), "");
	CHECK_TEXT(walked(&t, "", "a\n", ""), ". loop out -.");
	drop(&t);
}
