/* SPDX-License-Identifier: Apache-2.0 */
/* Trees on disk: removing and measuring.
 *
 * A tree is walked with one open folder at a time, whatever its depth: a payload can make
 * trees deeper than there are descriptors. Going down, the names of the subfolders still
 * to visit are kept; going up is ".." and a comparison of the inode with what was left
 * there. */
#include "core/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"

/* A folder on the way down. */
struct level {
	char *name; /* in its parent */
	dev_t dev;
	ino_t ino;
	struct strv folders; /* still to visit, last first */
};

struct inode {
	dev_t dev;
	ino_t ino;
};

struct tree {
	bool remove;
	dev_t dev;    /* of the top; what is mounted below is not ours */
	int at;       /* the open folder */
	int first;    /* first failure, 0 when none */
	uint64_t sum; /* bytes */
	struct level *levels;
	size_t depth, cap;
	struct inode *seen; /* files with several links: open addressing, ino 0 = free */
	size_t seen_len, seen_cap;
};

static void tree_done(struct tree *t)
{
	for (size_t i = 0; i < t->depth; i++) {
		free(t->levels[i].name);
		strv_done(&t->levels[i].folders);
	}
	free(t->levels);
	free(t->seen);
	t->at = fd_close(t->at);
}

static void tree_failed(struct tree *t, int r)
{
	if (t->first == 0 && r < 0 && r != -ENOENT)
		t->first = r;
}

static struct inode *seen_slot(struct inode *table, size_t cap, dev_t dev, ino_t ino)
{
	size_t i = (size_t)(((uint64_t)ino ^ (uint64_t)dev << 40) * 0x9e3779b97f4a7c15u >>
			    20);

	for (i &= cap - 1; table[i].ino; i = (i + 1) & (cap - 1)) {
		if (table[i].ino == ino && table[i].dev == dev)
			break;
	}
	return &table[i];
}

/* Notes the inode; true when it was there already. */
static bool seen_before(struct tree *t, const struct stat *st)
{
	struct inode *slot;

	if (t->seen_len * 2 >= t->seen_cap) {
		size_t cap = t->seen_cap ? t->seen_cap * 2 : 256;
		struct inode *table = mem_array(cap, sizeof(*table));

		for (size_t i = 0; i < t->seen_cap; i++) {
			const struct inode *old = &t->seen[i];

			if (old->ino)
				*seen_slot(table, cap, old->dev, old->ino) = *old;
		}
		free(t->seen);
		t->seen = table;
		t->seen_cap = cap;
	}
	slot = seen_slot(t->seen, t->seen_cap, st->st_dev, st->st_ino);
	if (slot->ino)
		return true;
	slot->dev = st->st_dev;
	slot->ino = st->st_ino;
	t->seen_len++;
	return false;
}

static void tree_count(struct tree *t, const struct stat *st)
{
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2 || !seen_before(t, st))
		t->sum += (uint64_t)st->st_blocks * 512;
}

/* Opens a folder for reading names: no link, and no mount of something else. */
static int open_folder(const struct tree *t, int at, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	struct stat st;
	int fd;

	fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd < 0 ? -errno : fd;
	fd = openat(at, name, (int)how.flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_dev != t->dev) {
		fd_close(fd);
		return -EXDEV;
	}
	return fd;
}

/* chmod of a folder that cannot be opened, through its O_PATH descriptor. */
static int make_readable(int at, const char *name)
{
	char link[64];
	autoclose int fd =
		openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)str_print(link, sizeof(link), "/proc/self/fd/%d", fd);
	return chmod(link, 0700) < 0 ? -errno : 0;
}

/* Deals with the entries of the open folder: files at once, folders onto the list. */
static int tree_scan(struct tree *t, struct level *level)
{
	const struct dirent *entry;
	struct stat st;
	DIR *dir = fdopendir(fcntl(t->at, F_DUPFD_CLOEXEC, 3));

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		bool folder = entry->d_type == DT_DIR;

		if (str_eq(name, ".") || str_eq(name, ".."))
			continue;
		if (!t->remove || entry->d_type == DT_UNKNOWN) {
			if (fstatat(t->at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			folder = S_ISDIR(st.st_mode);
			if (!t->remove)
				tree_count(t, &st);
		}
		if (folder)
			strv_add(&level->folders, name);
		else if (t->remove && unlinkat(t->at, name, 0) < 0)
			tree_failed(t, -errno);
	}
	closedir(dir);
	return 0;
}

/* Goes into the folder name of `at` (not owned). On failure we stay where we are. */
static int tree_enter(struct tree *t, int at, const char *name)
{
	autoclose int fd = open_folder(t, at, name);
	struct level *level;
	struct stat st;

	if (fd == -EACCES && t->remove && make_readable(at, name) == 0)
		fd = open_folder(t, at, name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (t->remove && (st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700); /* when it fails, unlink will say it */
	if (t->depth == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->levels = mem_resize(t->levels, t->cap, sizeof(*t->levels));
	}
	level = &t->levels[t->depth++];
	*level = (struct level){ .name = str_dup(name),
				 .dev = st.st_dev,
				 .ino = st.st_ino };
	fd_close(t->at);
	t->at = TAKE_FD(fd);
	return tree_scan(t, level);
}

/* Leaves the open folder for its parent (which is top's parent at the end) and removes it
 * from there. Failure ends the walk: we no longer know where we are. */
static int tree_leave(struct tree *t, int top)
{
	struct level gone = t->levels[--t->depth];
	autofree char *name = gone.name;
	int parent = top;
	struct stat st;

	strv_done(&gone.folders);
	if (t->depth) {
		const struct level *up = &t->levels[t->depth - 1];

		parent = openat(t->at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0)
			return -errno;
		t->at = fd_close(t->at);
		t->at = parent;
		if (fstat(parent, &st) < 0)
			return -errno;
		if (st.st_ino != up->ino || st.st_dev != up->dev)
			return -EBUSY; /* moved while we were below */
	} else {
		t->at = fd_close(t->at);
	}
	if (t->remove && unlinkat(parent, name, AT_REMOVEDIR) < 0)
		tree_failed(t, -errno);
	return 0;
}

/* Visits the folder dirfd/name and all below it. */
static int tree_walk(struct tree *t, int dirfd, const char *name)
{
	int r = tree_enter(t, dirfd, name);

	tree_failed(t, r);
	while (t->depth) {
		struct level *level = &t->levels[t->depth - 1];
		autofree char *next = NULL;

		if (level->folders.len) {
			/* The list itself may move when a level is added. */
			next = str_dup(level->folders.v[level->folders.len - 1]);
			strv_remove(&level->folders, level->folders.len - 1);
			r = tree_enter(t, t->at, next);
			if (t->remove || r != -EACCES)
				tree_failed(t, r);
			continue;
		}
		r = tree_leave(t, dirfd);
		if (r < 0)
			return r;
	}
	return t->first;
}

/* The folder that the top stands in, a descriptor of the caller's: what leads there may
 * cross mounts and follow links as in any system call; only from the top on it may not.
 */
static int open_place(int dirfd, const char *path)
{
	autofree char *dir = path_dir(path);
	int fd = openat(dirfd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tree_remove(int dirfd, const char *path)
{
	autodone(tree_done) struct tree t = { .remove = true, .at = -1 };
	autoclose int place = open_place(dirfd, path);
	const char *name = path_base(path);
	struct stat st;

	if (place < 0)
		return place;
	if (fstatat(place, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(place, name, 0) < 0 ? -errno : 0;
	t.dev = st.st_dev;
	return tree_walk(&t, place, name);
}

int tree_size(int dirfd, const char *path, uint64_t *ret)
{
	autodone(tree_done) struct tree t = { .at = -1 };
	autoclose int place = open_place(dirfd, path);
	const char *name = path_base(path);
	struct stat st;
	int r = 0;

	if (place < 0)
		return place;
	if (fstatat(place, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	t.dev = st.st_dev;
	tree_count(&t, &st);
	if (S_ISDIR(st.st_mode))
		r = tree_walk(&t, place, name);
	if (r == 0)
		*ret = t.sum;
	return r;
}
