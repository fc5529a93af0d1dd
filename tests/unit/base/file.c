/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define NOBODY 65534

struct room {
	char path[64];
	int fd;
};

static void room_make(struct room *r)
{
	(void)str_copy(r->path, sizeof(r->path), "/tmp/rootless-file-XXXXXX");
	if (!mkdtemp(r->path))
		abort();
	r->fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void room_done(struct room *r)
{
	r->fd = fd_close(r->fd);
	CHECK_INT(file_remove_tree(AT_FDCWD, r->path), 0);
}

static int entries(int dirfd)
{
	DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int n = -2; /* . and .. */

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

TEST(reading)
{
	struct room r;
	autobuf b = { 0 };
	char small[4];

	room_make(&r);
	CHECK_INT(file_replace_nosync(r.fd, "f", "12345", 5, 0600), 0);
	buf_adds(&b, "x");
	CHECK_INT(file_read(r.fd, "f", 5, &b), 0);
	CHECK_STR(buf_str(&b), "x12345");
	CHECK_INT(file_read(r.fd, "f", 4, &b), -EFBIG);
	CHECK_STR(buf_str(&b), "x12345");
	CHECK_INT(file_read(r.fd, "none", 4, &b), -ENOENT);
	CHECK_INT(file_read(r.fd, ".", 4, &b), -EINVAL);
	CHECK_INT(mkfifoat(r.fd, "pipe", 0600), 0);
	CHECK_INT(file_read(r.fd, "pipe", 4, &b), -EINVAL);
	CHECK_INT(file_read(AT_FDCWD, "/proc/self/status", 64 << 10, &b), 0);
	CHECK(strstr(buf_str(&b), "Name:") != NULL);
	CHECK_INT(file_read_small(r.fd, "f", small, sizeof(small)), 0);
	CHECK_STR(small, "123");
	CHECK_INT(file_write_small(r.fd, "f", "ab"), 0);
	CHECK_INT(file_read_small(r.fd, "f", small, sizeof(small)), 0);
	CHECK_STR(small, "ab3");
	CHECK_INT(file_write_small(r.fd, "none", "ab"), -ENOENT);
	room_done(&r);
}

TEST(reading_into)
{
	struct room r;
	char text[8];

	room_make(&r);
	CHECK_INT(file_replace_nosync(r.fd, "f", "12345", 5, 0600), 0);
	CHECK_INT(file_read_into(r.fd, "f", text, sizeof(text)), 5);
	CHECK_STR(text, "12345");
	CHECK_INT(file_read_into(r.fd, "f", text, 6), 5);
	CHECK_INT(file_read_into(r.fd, "f", text, 5), -EFBIG);
	CHECK_INT(file_replace_nosync(r.fd, "empty", "", 0, 0600), 0);
	CHECK_INT(file_read_into(r.fd, "empty", text, sizeof(text)), 0);
	CHECK_STR(text, "");
	CHECK_INT(file_read_into(r.fd, "none", text, sizeof(text)), -ENOENT);
	CHECK_INT(file_read_into(r.fd, ".", text, sizeof(text)), -EINVAL);
	CHECK_INT(mkfifoat(r.fd, "pipe", 0600), 0);
	CHECK_INT(file_read_into(r.fd, "pipe", text, sizeof(text)), -EINVAL);
	/* says that it is empty */
	CHECK_INT(file_read_into(AT_FDCWD, "/proc/self/status", text, sizeof(text)),
		  -EFBIG);
	room_done(&r);
}

TEST(replacing)
{
	struct room r;
	autobuf b = { 0 };
	mode_t mask = umask(077);
	struct stat st;

	room_make(&r);
	CHECK_INT(mkdirat(r.fd, "d", 0700), 0);
	CHECK_INT(file_replace(r.fd, "d/f", "one", 3, 0644), 0);
	umask(mask);
	CHECK(fstatat(r.fd, "d/f", &st, 0) == 0 && (st.st_mode & 07777) == 0644);
	CHECK_INT(file_replace(r.fd, "d/f", "two!", 4, 0600), 0);
	CHECK(fstatat(r.fd, "d/f", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_INT(file_read(r.fd, "d/f", 9, &b), 0);
	CHECK_STR(buf_str(&b), "two!");
	/* A failure leaves no temporary. */
	CHECK_INT(mkdirat(r.fd, "isdir", 0700), 0);
	CHECK_INT(file_replace(r.fd, "isdir", "x", 1, 0600), -EISDIR);
	CHECK_INT(file_replace(r.fd, "none/f", "x", 1, 0600), -ENOENT);
	CHECK_INT(entries(r.fd), 2);
	CHECK_INT(file_sync_dir(r.fd), 0);
	room_done(&r);
}

TEST(folders)
{
	struct room r;
	autofree char *deep = NULL;
	autofree char *over = NULL;
	int fd;

	room_make(&r);
	deep = str_fmt("%s/a//b/c/", r.path);
	over = str_fmt("%s/file/x", r.path);
	CHECK_INT(file_mkdirs(deep, 0700), 0);
	CHECK_INT(file_mkdirs(deep, 0700), 0);
	CHECK_INT(file_replace_nosync(r.fd, "file", "", 0, 0600), 0);
	CHECK_INT(file_mkdirs(over, 0700), -ENOTDIR);
	over[strlen(over) - 2] = 0;
	CHECK_INT(file_mkdirs(over, 0700), -ENOTDIR);
	CHECK_INT(file_open_dir(r.fd, "new", false, 0700), -ENOENT);
	fd = file_open_dir(r.fd, "new", true, 0700);
	CHECK(fd >= 0 && entries(fd) == 0);
	fd_close(fd);
	fd = file_open_dir(r.fd, "new", true, 0700);
	CHECK(fd >= 0);
	fd_close(fd);
	CHECK_INT(file_open_dir(r.fd, "file", true, 0700), -ENOTDIR);
	room_done(&r);
}

/* Runs fn in a child that is not root; its exit code is the number of failed checks. */
static void as_nobody(int (*fn)(int dirfd), int dirfd)
{
	pid_t pid;
	int code;

	if (geteuid() == 0)
		CHECK_INT(fchown(dirfd, NOBODY, NOBODY), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(99);
		_exit(fn(dirfd));
	}
	code = spawn_wait(pid);
	CHECK_INT(code, 0);
}

static int unreadable(int dirfd)
{
	int bad = 0;
	uint64_t size;

	bad += mkdirat(dirfd, "t", 0700) != 0;
	bad += mkdirat(dirfd, "t/closed", 0700) != 0;
	bad += mkdirat(dirfd, "t/closed/in", 0700) != 0;
	bad += mkdirat(dirfd, "t/readonly", 0700) != 0;
	bad += mkdirat(dirfd, "t/empty", 0000) != 0;
	bad += file_replace_nosync(dirfd, "t/readonly/f", "x", 1, 0000) != 0;
	bad += file_replace_nosync(dirfd, "t/closed/in/f", "x", 1, 0600) != 0;
	bad += symlinkat("/", dirfd, "t/link") != 0;
	bad += fchmodat(dirfd, "t/readonly", 0500, 0) != 0;
	bad += fchmodat(dirfd, "t/closed", 0000, 0) != 0;
	bad += fchmodat(dirfd, "t", 0500, 0) != 0;
	bad += file_tree_size(dirfd, "t", &size) != 0;
	bad += file_remove_tree(dirfd, "t") != 0;
	bad += faccessat(dirfd, "t", F_OK, 0) == 0;
	return bad;
}

static int keeps_what_it_must(int dirfd)
{
	int bad = 0, r;

	/* /proc is another mount and not ours: the link goes, its target stays. */
	bad += mkdirat(dirfd, "t", 0700) != 0;
	bad += symlinkat("/proc", dirfd, "t/proc") != 0;
	r = file_remove_tree(dirfd, "t");
	bad += r != 0;
	bad += file_remove_tree(AT_FDCWD, "/proc/self") == 0;
	bad += access("/proc/self/status", R_OK) != 0;
	return bad;
}

TEST(removing_trees)
{
	struct room r;

	room_make(&r);
	CHECK_INT(file_remove_tree(r.fd, "none"), -ENOENT);
	CHECK_INT(file_replace_nosync(r.fd, "f", "", 0, 0600), 0);
	CHECK_INT(file_remove_tree(r.fd, "f"), 0);
	CHECK_INT(mkdirat(r.fd, "target", 0700), 0);
	CHECK_INT(file_replace_nosync(r.fd, "target/f", "", 0, 0600), 0);
	CHECK_INT(symlinkat("target", r.fd, "link"), 0);
	CHECK_INT(file_remove_tree(r.fd, "link"), 0);
	CHECK_INT(faccessat(r.fd, "target/f", F_OK, 0), 0);
	as_nobody(unreadable, r.fd);
	as_nobody(keeps_what_it_must, r.fd);
	room_done(&r);
}

/* What leads to a tree may be a link or, as /run and /tmp mostly are, another mount. */
TEST(removing_trees_elsewhere)
{
	char shm[] = "/dev/shm/rootless-file-XXXXXX";
	uint64_t size = 0;
	struct room r;

	room_make(&r);
	CHECK(mkdtemp(shm) != NULL);
	CHECK_INT(symlinkat(shm, r.fd, "link"), 0);
	CHECK_INT(mkdirat(r.fd, "link/tree", 0700), 0);
	CHECK_INT(file_replace_nosync(r.fd, "link/tree/f", "x", 1, 0600), 0);
	CHECK_INT(file_tree_size(r.fd, "link/tree", &size), 0);
	CHECK(size > 0);
	CHECK_INT(file_remove_tree(r.fd, "link/tree"), 0);
	CHECK_INT(faccessat(r.fd, "link/tree", F_OK, 0), -1);
	CHECK_INT(file_remove_tree(r.fd, "none/tree"), -ENOENT);
	CHECK_INT(file_remove_tree(AT_FDCWD, shm), 0);
	CHECK_INT(access(shm, F_OK), -1);
	room_done(&r);
}

/* Deeper than PATH_MAX and than descriptors allow. */
TEST(removing_deep_trees)
{
	struct rlimit limit, small;
	struct room r;
	uint64_t size = 0;
	int at;

	room_make(&r);
	at = fcntl(r.fd, F_DUPFD_CLOEXEC, 0);
	for (int i = 0; i < 1500; i++) {
		int next;

		CHECK_INT(mkdirat(at, "dddd", 0700), 0);
		next = openat(at, "dddd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd_close(at);
		at = next;
		if (i % 100 == 0)
			CHECK_INT(file_replace_nosync(at, "f", "x", 1, 0600), 0);
	}
	fd_close(at);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
	small = limit;
	small.rlim_cur = 32;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &small), 0);
	CHECK_INT(file_tree_size(r.fd, "dddd", &size), 0);
	CHECK_INT(file_remove_tree(r.fd, "dddd"), 0);
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
	CHECK_INT(entries(r.fd), 0);
	room_done(&r);
}

TEST(measuring_trees)
{
	struct room r;
	char block[8192];
	uint64_t one = 0, linked = 0, more = 0;
	struct stat st;

	memset(block, 'x', sizeof(block));
	room_make(&r);
	CHECK_INT(mkdirat(r.fd, "t", 0700), 0);
	CHECK_INT(file_replace(r.fd, "t/f", block, sizeof(block), 0600), 0);
	CHECK_INT(file_tree_size(r.fd, "t", &one), 0);
	CHECK_INT(fstatat(r.fd, "t/f", &st, 0), 0);
	CHECK(one >= (uint64_t)st.st_blocks * 512);
	for (int i = 0; i < 300; i++) {
		char name[16];

		(void)str_print(name, sizeof(name), "t/%d", i);
		CHECK_INT(linkat(r.fd, "t/f", r.fd, name, 0), 0);
	}
	CHECK_INT(fstatat(r.fd, "t", &st, 0), 0);
	CHECK_INT(file_tree_size(r.fd, "t", &linked), 0);
	/* The folder itself may have grown, by nothing like 300 files. */
	CHECK(linked >= one && linked < one + 100 * sizeof(block));
	CHECK_INT(file_replace(r.fd, "t/g", block, sizeof(block), 0600), 0);
	CHECK_INT(file_tree_size(r.fd, "t", &more), 0);
	CHECK(more > linked);
	CHECK_INT(file_tree_size(r.fd, "none", &more), -ENOENT);
	room_done(&r);
}

TEST(locks)
{
	struct room r;
	int shared, other, exclusive;
	struct stat st;

	room_make(&r);
	CHECK_INT(file_is_locked(r.fd, "lock"), 0);
	shared = file_lock(r.fd, "lock", false, false);
	other = file_lock(r.fd, "lock", false, false);
	CHECK(shared >= 0 && other >= 0);
	CHECK(fstat(shared, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK_INT(file_lock(r.fd, "lock", true, false), -EWOULDBLOCK);
	CHECK_INT(file_is_locked(r.fd, "lock"), 0);
	fd_close(shared);
	fd_close(other);
	exclusive = file_lock(r.fd, "lock", true, false);
	CHECK(exclusive >= 0);
	CHECK_INT(file_is_locked(r.fd, "lock"), 1);
	CHECK_INT(file_lock(r.fd, "lock", false, false), -EWOULDBLOCK);
	/* A removed lock file's lock keeps nobody out. */
	CHECK_INT(unlinkat(r.fd, "lock", 0), 0);
	other = file_lock(r.fd, "lock", true, false);
	CHECK(other >= 0);
	fd_close(other);
	fd_close(exclusive);
	room_done(&r);
}

/* A waiter whose file was removed under it ends up on the new file. */
TEST(locks_follow_the_name)
{
	struct room r;
	int held, fd;
	char said = 0;
	pid_t pid;
	int ends[2];

	room_make(&r);
	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	held = file_lock(r.fd, "lock", true, false);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fd_close(held);
		fd = file_lock(r.fd, "lock", true, true);
		if (fd < 0 || file_is_locked(r.fd, "lock") != 1)
			_exit(1);
		_exit(fd_write_all(ends[1], "k", 1) < 0);
	}
	ends[1] = fd_close(ends[1]);
	CHECK_INT(unlinkat(r.fd, "lock", 0), 0);
	held = fd_close(held);
	CHECK_INT(fd_read_full(ends[0], &said, 1), 1);
	CHECK_INT(said, 'k');
	CHECK_INT(spawn_wait(pid), 0);
	fd_close(ends[0]);
	room_done(&r);
}
