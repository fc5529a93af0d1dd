/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/maptree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

/* A tree of the caller's own IDs, which map to themselves: what IDs become is seen in
 * tests/cli/keepid.test. */
struct box {
	char dir[32];
	int from, to;
	struct idmap_extent uid[1], gid[1];
	struct idmap uid_map, gid_map;
};

static int sub(const char *dir, const char *name)
{
	autofree char *path = path_join(dir, name);
	int fd = file_open_dir(AT_FDCWD, path, true, 0755);

	CHECK(fd >= 0);
	return fd;
}

static void make_files(int dir)
{
	struct timespec times[2] = { { 1000, 0 }, { 2000, 5 } };

	CHECK_INT(mkdirat(dir, "d", 0750), 0);
	CHECK_INT(file_replace_nosync(dir, "d/f", "hello", 5, 0640), 0);
	CHECK_INT(linkat(dir, "d/f", dir, "again", 0), 0);
	CHECK_INT(symlinkat("d/f", dir, "sym"), 0);
	CHECK_INT(mknodat(dir, "pipe", S_IFIFO | 0600, 0), 0);
	CHECK_INT(file_replace_nosync(dir, "empty", "", 0, 0600), 0);
	autoclose int f = openat(dir, "d/f", O_RDWR | O_CLOEXEC);
	CHECK_INT(fsetxattr(f, "user.mine", "v", 1, 0), 0);
	CHECK_INT(fchmod(f, 04711), 0);
	CHECK_INT(futimens(f, times), 0);
	autoclose int d = openat(dir, "d", O_RDONLY | O_CLOEXEC);
	CHECK_INT(fsetxattr(d, "user.overlay.opaque", "y", 1, 0), 0);
}

static void open_box(struct box *b)
{
	*b = (struct box){ .dir = "/tmp/rootless-maptree.XXXXXX" };
	CHECK(mkdtemp(b->dir) != NULL);
	b->from = sub(b->dir, "from");
	b->to = sub(b->dir, "to");
	b->uid[0] = (struct idmap_extent){ geteuid(), geteuid(), 1 };
	b->gid[0] = (struct idmap_extent){ getegid(), getegid(), 1 };
	b->uid_map = (struct idmap){ b->uid, 1 };
	b->gid_map = (struct idmap){ b->gid, 1 };
	make_files(b->from);
}

static void copy(const struct box *b, bool meta)
{
	const struct maptree m = { .uid = &b->uid_map, .gid = &b->gid_map, .meta = meta };
	struct err e = { 0 };

	CHECK_INT(maptree_copy(&m, b->from, b->to, &e), 0);
	CHECK_STR(e.text, "");
}

static void close_box(struct box *b)
{
	fd_close(b->from);
	fd_close(b->to);
	CHECK_INT(file_remove_tree(AT_FDCWD, b->dir), 0);
}

static void check_nodes(int dir)
{
	struct stat a, b;
	char text[16] = "";

	CHECK_INT(fstatat(dir, "d/f", &a, 0), 0);
	CHECK_INT(fstatat(dir, "again", &b, 0), 0);
	CHECK(a.st_ino == b.st_ino && a.st_nlink == 2);
	CHECK_INT(a.st_mode & 07777, 04711);
	CHECK_INT(a.st_size, 5);
	CHECK_INT(a.st_mtim.tv_sec, 2000);
	/* For some machines qemu-user tells none. */
	CHECK(a.st_mtim.tv_nsec == 5 || getenv("QEMU"));
	CHECK_INT(fstatat(dir, "d", &a, 0), 0);
	CHECK_INT(a.st_mode & 07777, 0750);
	CHECK_INT(readlinkat(dir, "sym", text, sizeof(text)), 3);
	CHECK_INT(fstatat(dir, "pipe", &a, 0), 0);
	CHECK(S_ISFIFO(a.st_mode));
	CHECK_INT(fstatat(dir, "empty", &a, 0), 0);
	CHECK_INT(a.st_mode & 07777, 0600);
}

static void check_xattr(int dir, const char *name, const char *attr, const char *want)
{
	char path[64], value[32] = "";

	str_print(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	CHECK_INT(getxattr(path, attr, value, sizeof(value) - 1),
		  want ? (int)strlen(want) : -1);
	CHECK_STR(value, want ? want : "");
}

TEST(whole)
{
	autobuf text = { 0 };
	struct box b;

	open_box(&b);
	copy(&b, false);
	check_nodes(b.to);
	CHECK_INT(file_read(b.to, "d/f", 100, &text), 0);
	CHECK_STR(buf_str(&text), "hello");
	check_xattr(b.to, "d/f", "user.mine", "v");
	check_xattr(b.to, "d", "user.overlay.opaque", "y");
	check_xattr(b.to, "d/f", "user.overlay.metacopy", NULL);
	close_box(&b);
}

TEST(without_content)
{
	autobuf text = { 0 };
	struct box b;

	open_box(&b);
	copy(&b, true);
	check_nodes(b.to);
	CHECK_INT(file_read(b.to, "d/f", 100, &text), 0);
	CHECK(text.len == 5 && memcmp(text.data, "\0\0\0\0\0", 5) == 0);
	check_xattr(b.to, "d/f", "user.mine", "v");
	check_xattr(b.to, "d/f", "user.overlay.metacopy", "");
	/* Whichever of its names came first. */
	char path[64], value[32] = "";
	str_print(path, sizeof(path), "/proc/self/fd/%d/again", b.to);
	CHECK(getxattr(path, "user.overlay.redirect", value, sizeof(value)) > 0);
	CHECK(str_eq(value, "/d/f") || str_eq(value, "/again"));
	/* What is empty needs none. */
	check_xattr(b.to, "empty", "user.overlay.metacopy", NULL);
	close_box(&b);
}

/* More files with two names than the table begins with. */
TEST(many_links)
{
	struct box b;
	struct stat x, y;

	open_box(&b);
	for (int i = 0; i < 600; i++) {
		char one[16], two[16];

		str_print(one, sizeof(one), "x%d", i);
		str_print(two, sizeof(two), "y%d", i);
		CHECK_INT(mknodat(b.from, one, S_IFREG | 0600, 0), 0);
		CHECK_INT(linkat(b.from, one, b.from, two, 0), 0);
	}
	copy(&b, false);
	for (int i = 0; i < 600; i++) {
		char one[16], two[16];

		str_print(one, sizeof(one), "x%d", i);
		str_print(two, sizeof(two), "y%d", i);
		CHECK(!fstatat(b.to, one, &x, 0) && !fstatat(b.to, two, &y, 0) &&
		      x.st_ino == y.st_ino);
	}
	close_box(&b);
}
