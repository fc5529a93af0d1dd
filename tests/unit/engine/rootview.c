/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/rootview.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

/* Three layers, top first: dir/0 dir/1 dir/2. */
struct three {
	char dir[40];
	struct strv layers;
	int fd;
};

static struct three three_make(void)
{
	struct three t = { .dir = "/tmp/rootless-unit-XXXXXX" };

	CHECK(mkdtemp(t.dir) != NULL);
	t.fd = open(t.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		strv_addf(&t.layers, "%s/%d", t.dir, i);
		CHECK_INT(mkdir(t.layers.v[i], 0755), 0);
	}
	return t;
}

static void three_done(struct three *t)
{
	close(t->fd);
	file_remove_tree(AT_FDCWD, t->dir);
	strv_done(&t->layers);
}

static void put(const struct three *t, const char *path, const char *text)
{
	CHECK_INT(file_replace_nosync(t->fd, path, text, strlen(text), 0644), 0);
}

static void folder(const struct three *t, const char *path)
{
	CHECK_INT(mkdirat(t->fd, path, 0755), 0);
}

static void mark(const struct three *t, const char *path, const char *name,
		 const char *value)
{
	autofree char *full = str_fmt("%s/%s", t->dir, path);

	CHECK_INT(setxattr(full, name, value, strlen(value), 0), 0);
}

/* What the path reads as: its text, or "-errno". */
static char *look(const struct three *t, const char *path)
{
	autobuf out = { 0 };
	struct err e = { 0 };
	int r = rootview_read(&t->layers, path, 100, &out, &e);

	return r < 0 ? str_fmt("%d", r) : buf_take(&out);
}

#define CHECK_LOOK(t, path, want) \
	do { \
		autofree char *read_ = look(t, path); \
		CHECK_STR(read_, want); \
	} while (0)

TEST(the_topmost_layer_wins)
{
	autodone(three_done) struct three t = three_make();

	folder(&t, "2/etc");
	put(&t, "2/etc/passwd", "lowest");
	CHECK_LOOK(&t, "/etc/passwd", "lowest");
	folder(&t, "1/etc");
	CHECK_LOOK(&t, "/etc/passwd", "lowest");
	put(&t, "1/etc/passwd", "middle");
	CHECK_LOOK(&t, "etc/passwd", "middle");
	CHECK_LOOK(&t, "/etc/group", "-2");
	CHECK_LOOK(&t, "/nothing/at/all", "-2");
	CHECK_LOOK(&t, "/etc/passwd/x", "-2");
}

TEST(whiteouts_and_opaque_folders_hide)
{
	autodone(three_done) struct three t = three_make();

	folder(&t, "2/etc");
	put(&t, "2/etc/a", "a");
	put(&t, "2/etc/b", "b");
	folder(&t, "1/etc");
	put(&t, "1/etc/a", "");
	mark(&t, "1/etc/a", "user.overlay.whiteout", "y");
	CHECK_LOOK(&t, "/etc/a", "-2");
	CHECK_LOOK(&t, "/etc/b", "b");
	folder(&t, "0/etc");
	mark(&t, "0/etc", "user.overlay.opaque", "y");
	CHECK_LOOK(&t, "/etc/b", "-2");
	put(&t, "0/etc/b", "new");
	CHECK_LOOK(&t, "/etc/b", "new");
}

TEST(a_file_hides_the_folders_below_it)
{
	autodone(three_done) struct three t = three_make();

	folder(&t, "2/x");
	put(&t, "2/x/f", "deep");
	put(&t, "1/x", "file");
	CHECK_LOOK(&t, "/x", "file");
	CHECK_LOOK(&t, "/x/f", "-2");
	folder(&t, "0/x");
	CHECK_LOOK(&t, "/x/f", "-2");
}

TEST(links_are_followed_across_layers)
{
	autodone(three_done) struct three t = three_make();

	folder(&t, "2/usr");
	folder(&t, "2/usr/etc");
	put(&t, "2/usr/etc/passwd", "found");
	CHECK_INT(symlinkat("usr/etc", t.fd, "1/etc"), 0);
	CHECK_LOOK(&t, "/etc/passwd", "found");
	CHECK_INT(symlinkat("/etc/../../../usr/./etc/passwd", t.fd, "0/way"), 0);
	CHECK_LOOK(&t, "/way", "found");
	CHECK_INT(symlinkat("loop", t.fd, "0/loop"), 0);
	CHECK_LOOK(&t, "/loop", "-40");
}

TEST(only_regular_files_of_bounded_size)
{
	autodone(three_done) struct three t = three_make();
	char big[200];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	CHECK_INT(mkfifoat(t.fd, "0/fifo", 0644), 0);
	CHECK_LOOK(&t, "/fifo", "-22");
	folder(&t, "0/dir");
	CHECK_LOOK(&t, "/dir", "-22");
	put(&t, "0/big", big);
	CHECK_LOOK(&t, "/big", "-27");
}

TEST(content)
{
	autodone(three_done) struct three t = three_make();
	struct err e = { 0 };

	folder(&t, "2/data");
	CHECK_INT(rootview_has_content(&t.layers, "/data", &e), 0);
	CHECK_INT(rootview_has_content(&t.layers, "/none", &e), 0);
	put(&t, "2/data/f", "x");
	CHECK_INT(rootview_has_content(&t.layers, "/data", &e), 1);
	CHECK_INT(rootview_has_content(&t.layers, "/data/f", &e), 0);
}

static int collect(void *arg, const char *rel, int fd, const struct stat *st,
		   struct err *e)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s ", rel, S_ISDIR(st->st_mode) ? "/" : "");
	return 0;
}

TEST(walk_sees_the_merged_tree)
{
	autodone(three_done) struct three t = three_make();
	struct err e = { 0 };
	autobuf out = { 0 };

	folder(&t, "2/d");
	folder(&t, "2/d/sub");
	put(&t, "2/d/sub/low", "");
	put(&t, "2/d/gone", "x");
	folder(&t, "0/d");
	folder(&t, "0/d/sub");
	put(&t, "0/d/sub/top", "");
	put(&t, "0/d/gone", "");
	mark(&t, "0/d/gone", "user.overlay.whiteout", "y");
	CHECK_INT(rootview_walk(&t.layers, "/d", collect, &out, &e), 0);
	CHECK_STR(buf_str(&out), "/ sub/ sub/low sub/top ");
	CHECK_INT(rootview_walk(&t.layers, "/d/sub/top", collect, &out, &e), -ENOENT);
}
