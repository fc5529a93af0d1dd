/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

TEST(lexical)
{
	static const struct {
		const char *path, *want;
	} clean[] = {
		{ "", "/" },           { "/", "/" },
		{ "//a//b/", "/a/b" }, { "a/../b", "/b" },
		{ "../../x", "/x" },   { "/a/./b/..", "/a" },
		{ "/..", "/" },        { "/a/../..", "/" },
		{ "...", "/..." },     { "/a..b/.c", "/a..b/.c" },
	};
	static const struct {
		const char *a, *b, *want;
	} join[] = {
		{ "a", "b", "a/b" },      { "a/", "/b", "a/b" }, { "/", "b", "/b" },
		{ "", "b", "b" },         { "a", "", "a" },      { "/", "", "/" },
		{ "/r", "/b/", "/r/b/" },
	};
	static const struct {
		const char *path, *dir, *base;
	} split[] = {
		{ "a", ".", "a" },         { "/a", "/", "a" },   { "/", "/", "" },
		{ "a/b", "a", "b" },       { "a//b", "a", "b" }, { "//a", "/", "a" },
		{ "/a/b/c", "/a/b", "c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(clean); i++) {
		autofree char *got = path_clean(clean[i].path);

		CHECK_STR(got, clean[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(join); i++) {
		autofree char *got = path_join(join[i].a, join[i].b);

		CHECK_STR(got, join[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(split); i++) {
		autofree char *dir = path_dir(split[i].path);

		CHECK_STR(dir, split[i].dir);
		CHECK_STR(path_base(split[i].path), split[i].base);
	}
	CHECK(path_is_abs("/") && !path_is_abs("a") && !path_is_abs(""));
}

/* A root with links that try to leave it, beside a file they must not reach. */
struct room {
	char path[64];
	int top;  /* the folder that holds both */
	int root; /* top/root */
};

static void room_make(struct room *r)
{
	static const char *const links[][2] = {
		{ "/etc", "root/abs" },
		{ "../../..", "root/up" },
		{ "../outside", "root/out" },
		{ "self", "root/self" },
		{ "a/b", "root/rel" },
		{ "/a/b/file", "root/file" },
		{ "../../../a", "root/a/deep" },
		{ "/missing/dir", "root/dangling" },
		{ "new", "root/tonew" },
		{ "..", "root/a/b/parent" },
		{ "/a/b/file", "root/a/b/last" },
	};
	char cwd[64];

	(void)str_copy(r->path, sizeof(r->path), "/tmp/rootless-path-XXXXXX");
	if (!mkdtemp(r->path))
		abort();
	r->top = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)str_print(cwd, sizeof(cwd), "%s/root/a/b", r->path);
	CHECK_INT(file_mkdirs(cwd, 0755), 0);
	CHECK_INT(file_replace_nosync(r->top, "outside", "secret", 6, 0600), 0);
	CHECK_INT(file_replace_nosync(r->top, "root/a/b/file", "inside", 6, 0600), 0);
	CHECK_INT(mkdirat(r->top, "root/etc", 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		CHECK_INT(symlinkat(links[i][0], r->top, links[i][1]), 0);
	r->root = openat(r->top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(r->root >= 0);
}

static void room_done(struct room *r)
{
	fd_close(r->root);
	fd_close(r->top);
	CHECK_INT(file_remove_tree(AT_FDCWD, r->path), 0);
	path_without_openat2(false);
}

/* The inode of root/name, resolved by the test itself without links. */
static bool same_file(const struct room *r, int fd, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	       fstatat(r->root, *name ? name : ".", &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void check_open_in(const struct room *r)
{
	static const struct {
		const char *path;
		int flags;
		const char *want; /* in the root; NULL: fails with code */
		int code;
	} all[] = {
		{ "a/b/file", O_RDONLY, "a/b/file", 0 },
		{ "/a/b/file", O_RDONLY, "a/b/file", 0 },
		{ "a//b/./file", O_RDONLY, "a/b/file", 0 },
		{ "file", O_RDONLY, "a/b/file", 0 },
		{ "rel/file", O_RDONLY, "a/b/file", 0 },
		{ "rel/parent/b/file", O_RDONLY, "a/b/file", 0 },
		{ "a/deep/b/last", O_RDONLY, "a/b/file", 0 },
		{ "../../../../a/b/file", O_RDONLY, "a/b/file", 0 },
		{ "up/a/b/file", O_RDONLY, "a/b/file", 0 },
		{ "abs", O_PATH, "etc", 0 },
		{ "up", O_PATH, "", 0 },
		{ "up/..", O_PATH, "", 0 },
		{ "a/b/..", O_PATH, "a", 0 },
		{ "a/b/parent/", O_PATH, "a", 0 },
		{ "rel/", O_PATH | O_NOFOLLOW, "a/b", 0 },
		{ "", O_PATH, "", 0 },
		{ "/", O_PATH, "", 0 },
		{ ".", O_PATH, "", 0 },
		{ "file", O_PATH | O_NOFOLLOW, "file", 0 },
		{ "file", O_RDONLY | O_NOFOLLOW, NULL, -ELOOP },
		{ "out", O_RDONLY, NULL, -ENOENT },
		{ "self", O_RDONLY, NULL, -ELOOP },
		{ "dangling", O_RDONLY, NULL, -ENOENT },
		{ "a/b/file/", O_RDONLY, NULL, -ENOTDIR },
		{ "a/b/file/..", O_RDONLY, NULL, -ENOTDIR },
		{ "a/none/../b", O_PATH, NULL, -ENOENT },
		{ "file", O_WRONLY | O_CREAT | O_EXCL, NULL, -EEXIST },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		autoclose int fd = path_open_in(r->root, all[i].path, all[i].flags, 0600);

		if (all[i].want ? fd < 0 || !same_file(r, fd, all[i].want)
				: fd != all[i].code)
			test_fail(__FILE__, __LINE__, "'%s' gave %d", all[i].path, fd);
		if (fd >= 0 && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			test_fail(__FILE__, __LINE__, "'%s' is inherited", all[i].path);
	}
}

static void check_create(const struct room *r)
{
	autoclose int fd = path_open_in(r->root, "tonew", O_WRONLY | O_CREAT, 0640);
	struct stat st;

	/* Creating through a link whose target is missing makes the target. */
	CHECK(fd >= 0);
	CHECK(same_file(r, fd, "new"));
	CHECK(fstat(fd, &st) == 0 && (st.st_mode & 07777 & ~027u) == 0640);
	CHECK_INT(unlinkat(r->root, "new", 0), 0);
}

static void check_beneath(const struct room *r)
{
	autoclose int plain = path_open_beneath(r->root, "/a/b/file", O_RDONLY, 0);
	autoclose int dotdot = path_open_beneath(r->root, "a/b/../b/file", O_RDONLY, 0);
	autoclose int link = path_open_beneath(r->root, "file", O_PATH | O_NOFOLLOW, 0);
	struct stat st;

	CHECK(plain >= 0 && same_file(r, plain, "a/b/file"));
	CHECK(dotdot >= 0 && same_file(r, dotdot, "a/b/file"));
	CHECK_INT(path_open_beneath(r->root, "file", O_RDONLY, 0), -ELOOP);
	CHECK_INT(path_open_beneath(r->root, "rel/file", O_RDONLY, 0), -ELOOP);
	CHECK_INT(path_open_beneath(r->root, "../outside", O_RDONLY, 0), -EXDEV);
	CHECK_INT(path_open_beneath(r->root, "a/../../outside", O_RDONLY, 0), -EXDEV);
	/* What is opened is the link itself. */
	CHECK(fstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	CHECK_INT(path_open_beneath(r->root, "file", O_RDONLY | O_NOFOLLOW, 0), -ELOOP);
	CHECK_INT(path_open_beneath(r->root, "rel/file", O_PATH | O_NOFOLLOW, 0), -ELOOP);
}

static void check_mkdirs(const struct room *r)
{
	struct stat st;
	mode_t mask = umask(077);
	autoclose int made = path_mkdirs_in(r->root, "abs/x//y/", 0751, (uid_t)-1, 0);
	autoclose int again = path_mkdirs_in(r->root, "etc/x/y", 0700, (uid_t)-1, 0);
	autoclose int through = path_mkdirs_in(r->root, "dangling/z", 0755, (uid_t)-1, 0);
	autoclose int top = path_mkdirs_in(r->root, "/", 0755, (uid_t)-1, 0);
	autoclose int up =
		path_mkdirs_in(r->root, "../up/../q", 0755, geteuid(), getegid());

	umask(mask);
	CHECK(made >= 0 && same_file(r, made, "etc/x/y"));
	CHECK(again >= 0 && same_file(r, again, "etc/x/y"));
	CHECK(fstat(made, &st) == 0 && (st.st_mode & 07777) == 0751);
	CHECK(through >= 0 && same_file(r, through, "missing/dir/z"));
	CHECK(top >= 0 && same_file(r, top, ""));
	CHECK(up >= 0 && same_file(r, up, "q"));
	CHECK_INT(path_mkdirs_in(r->root, "file/x", 0755, (uid_t)-1, 0), -ENOTDIR);
	CHECK_INT(path_mkdirs_in(r->root, "file", 0755, (uid_t)-1, 0), -ENOTDIR);
	CHECK_INT(path_mkdirs_in(r->root, "self/x", 0755, (uid_t)-1, 0), -ELOOP);
	CHECK_INT(file_remove_tree(r->root, "etc/x"), 0);
	CHECK_INT(file_remove_tree(r->root, "missing"), 0);
	CHECK_INT(file_remove_tree(r->root, "q"), 0);
}

static void check_parent(const struct room *r)
{
	const char *name = NULL;
	autoclose int fd = path_open_parent_in(r->root, "rel/parent/new", &name);

	CHECK(fd >= 0 && same_file(r, fd, "a"));
	CHECK_STR(name, "new");
	CHECK_INT(path_open_parent_in(r->root, "a/..", &name), -EINVAL);
	CHECK_INT(path_open_parent_in(r->root, "a/.", &name), -EINVAL);
	CHECK_INT(path_open_parent_in(r->root, "a/", &name), -EINVAL);
	CHECK_INT(path_open_parent_in(r->root, "", &name), -EINVAL);
	CHECK_INT(path_open_parent_in(r->root, "none/x", &name), -ENOENT);
}

static void check_all(bool fallback)
{
	struct room r;

	room_make(&r);
	path_without_openat2(fallback);
	check_open_in(&r);
	check_create(&r);
	check_beneath(&r);
	check_mkdirs(&r);
	check_parent(&r);
	room_done(&r);
}

TEST(in_a_root)
{
	check_all(false);
}

TEST(in_a_root_without_openat2)
{
	check_all(true);
}
