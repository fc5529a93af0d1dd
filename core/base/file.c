/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files and trees on disk, never torn.
 *
 * Trees are walked with one open folder at a time, whatever their depth: a payload can
 * make trees deeper than there are descriptors. Going down, the names of the subfolders
 * still to visit are kept; going up is ".." and a comparison of the inode with what was
 * left there. */
#include "core/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define CHUNK      (16u << 10)
#define LOCK_TRIES 64

/* --- reading ------------------------------------------------------------------------ */

int file_read(int dirfd, const char *name, size_t max, struct buf *b)
{
	autoclose int fd = -1;
	struct stat st;

	/* O_NONBLOCK: a FIFO in the place of the file must not hang us. */
	fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return file_read_fd(fd, max, b);
}

int file_read_fd(int fd, size_t max, struct buf *b)
{
	const size_t before = b->len;
	int r = 0;

	while (r == 0) {
		size_t left = max - (b->len - before);
		/* One byte more than allowed shows that there is too much. */
		size_t want = left < CHUNK ? left + 1 : CHUNK;
		ssize_t got;

		r = buf_reserve(b, want);
		if (r < 0)
			break;
		got = fd_read(fd, b->data + b->len, want);
		if (got < 0)
			r = (int)got;
		else if ((size_t)got > left)
			r = -EFBIG;
		else if (got == 0)
			return 0;
		else
			b->len += (size_t)got;
		b->data[b->len] = 0;
	}
	b->len = before;
	if (b->data)
		b->data[before] = 0;
	return r;
}

int file_read_small(int dirfd, const char *name, char *dst, size_t size)
{
	autoclose int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = fd_read_full(fd, dst, size - 1);
	if (got < 0)
		return (int)got;
	dst[got] = 0;
	return 0;
}

int file_write_small(int dirfd, const char *name, const char *text)
{
	autoclose int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = strlen(text);
	ssize_t put;

	if (fd < 0)
		return -errno;
	do
		put = write(fd, text, n);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	return (size_t)put == n ? 0 : -EIO;
}

/* --- replacing ---------------------------------------------------------------------- */

/* Makes the temporary beside name: fd, and its name in *ret. */
static int make_temporary(int dirfd, const char *name, mode_t mode, char **ret)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		autofree char *temp = NULL;
		uint64_t dice;
		int fd;

		id_random(&dice, sizeof(dice));
		temp = str_fmt("%.*s" FILE_TEMP_PREFIX "%016llx",
			       (int)(path_base(name) - name), name,
			       (unsigned long long)dice);
		fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0 && fchmod(fd, mode) < 0) {
			int r = -errno;

			fd_close(fd);
			unlinkat(dirfd, temp, 0);
			return r;
		}
		if (fd >= 0)
			*ret = TAKE_PTR(temp);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

static int sync_parent(int dirfd, const char *name)
{
	autofree char *folder = path_dir(name);
	autoclose int fd = -1;

	fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return file_sync_dir(fd);
}

struct content {
	const void *p;
	size_t n;
};

static int replace(int dirfd, const char *name, const struct content *c, mode_t mode,
		   bool sync)
{
	autofree char *temp = NULL;
	autoclose int fd = make_temporary(dirfd, name, mode, &temp);
	int r;

	if (fd < 0)
		return fd;
	r = fd_write_all(fd, c->p, c->n);
	if (r == 0 && sync && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temp, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, temp, 0);
		return r;
	}
	return sync ? sync_parent(dirfd, name) : 0;
}

int file_replace(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	return replace(dirfd, name, &(struct content){ p, n }, mode, true);
}

int file_replace_nosync(int dirfd, const char *name, const void *p, size_t n, mode_t mode)
{
	return replace(dirfd, name, &(struct content){ p, n }, mode, false);
}

int file_sync_dir(int dirfd)
{
	autoclose int own = -1;

	if (dirfd == AT_FDCWD || (fsync(dirfd) < 0 && errno == EBADF)) {
		/* An O_PATH descriptor cannot be synced itself. */
		own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (own < 0)
			return -errno;
		dirfd = own;
	}
	/* EINVAL: a file system that has no sync of folders. */
	return fsync(dirfd) < 0 && errno != EINVAL ? -errno : 0;
}

/* --- folders ------------------------------------------------------------------------ */

int file_mkdirs(const char *path, mode_t mode)
{
	autofree char *part = str_dup(path);
	struct stat st;

	for (char *p = part; *p; p++) {
		if (*p != '/' || p == part)
			continue;
		*p = 0;
		if (mkdir(part, mode) < 0 && errno != EEXIST && stat(part, &st) < 0)
			return -errno;
		*p = '/';
	}
	if (mkdir(part, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(part, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_open_dir(int dirfd, const char *name, bool make, mode_t mode)
{
	int fd;

	if (make && mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* --- trees -------------------------------------------------------------------------- */

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

int file_remove_tree(int dirfd, const char *name)
{
	autodone(tree_done) struct tree t = { .remove = true, .at = -1 };
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dirfd, name, 0) < 0 ? -errno : 0;
	t.dev = st.st_dev;
	return tree_walk(&t, dirfd, name);
}

int file_tree_size(int dirfd, const char *name, uint64_t *ret)
{
	autodone(tree_done) struct tree t = { .at = -1 };
	struct stat st;
	int r = 0;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	t.dev = st.st_dev;
	tree_count(&t, &st);
	if (S_ISDIR(st.st_mode))
		r = tree_walk(&t, dirfd, name);
	if (r == 0)
		*ret = t.sum;
	return r;
}

/* --- locks -------------------------------------------------------------------------- */

int file_lock(int dirfd, const char *name, bool exclusive, bool wait)
{
	int how = (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB);

	for (;;) {
		autoclose int fd = openat(dirfd, name,
					  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
						  O_NOCTTY | O_NONBLOCK,
					  0600);
		struct stat ours, named;
		int r;

		if (fd < 0)
			return -errno;
		do
			r = flock(fd, how) < 0 ? -errno : 0;
		while (r == -EINTR);
		if (r < 0)
			return r;
		if (fstat(fd, &ours) < 0)
			return -errno;
		/* A lock on a file that was removed while we waited keeps nobody out. */
		if (fstatat(dirfd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
			return TAKE_FD(fd);
	}
}

int file_is_locked(int dirfd, const char *name)
{
	autoclose int fd = openat(
		dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		return 0; /* closing lets go of it */
	return errno == EWOULDBLOCK ? 1 : -errno;
}
