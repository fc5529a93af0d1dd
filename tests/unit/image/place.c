/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static void clean(const char *path, const char *want)
{
	char dst[PLACE_MAX];

	if (want) {
		CHECK_INT(place_clean(dst, path), 0);
		CHECK_STR(dst, want);
	} else {
		CHECK_INT(place_clean(dst, path), -EINVAL);
	}
}

TEST(cleaning)
{
	char big[NAME_MAX + 2];

	clean("a/b", "a/b");
	clean("./a//b/.", "a/b");
	clean("/a/", "a");
	clean("./", "");
	clean("/", "");
	clean("..a/b..", "..a/b..");
	clean("...", "...");
	clean("", NULL);
	clean("..", NULL);
	clean("a/..", NULL);
	clean("a/../b", NULL);
	clean("/../a", NULL);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	clean(big, NULL);
}

TEST(finding)
{
	char dir[] = "/tmp/rootless-place-XXXXXX";
	struct place p;
	const char *name;
	struct err e = { 0 };
	struct stat st;

	CHECK(mkdtemp(dir) != NULL);
	autoclose int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	place_init(&p, root);
	CHECK_INT(place_find(&p, "no/such", false, &name, &e), -ENOENT);
	CHECK(place_find(&p, "a/b/c", true, &name, &e) >= 0);
	CHECK_STR(name, "c");
	CHECK_INT(fstatat(root, "a/b", &st, 0), 0);
	CHECK_INT(p.made.len, 2);
	CHECK_STR(p.made.v[1], "a/b");
	CHECK_INT(symlinkat("/tmp", root, "link") | symlinkat("a", root, "inside"), 0);
	CHECK_INT(place_find(&p, "link/x", true, &name, &e), -EBADMSG);
	CHECK_INT(place_find(&p, "inside/x", true, &name, &e), -EBADMSG);
	CHECK_INT(place_find(&p, "link/x/y", true, &name, &e), -EBADMSG);
	CHECK_INT(symlinkat("b", root, "a/loop"), 0);
	CHECK_INT(place_find(&p, "a/loop/x", false, &name, &e), -EBADMSG);
	CHECK(strstr(e.text, "'a/loop'") != NULL);
	place_done(&p);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir), 0);
}
