/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files on disk, never torn; and locks. */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/tree.h"

#define CHUNK_FIRST     (2u << 10)
#define CHUNK_DOUBLINGS 3
#define CHUNK           (CHUNK_FIRST << CHUNK_DOUBLINGS)
#define LOCK_TRIES      64

/* --- reading ------------------------------------------------------------------------ */

/* How much to ask for in which round. Most files are small and of a known size: then a
 * piece of memory that fits, and one byte more to see the end; a big one would be mapped
 * and unmapped for each. */
static size_t step(size_t expect, unsigned int round)
{
	if (expect > 0 && expect < CHUNK && round < 2)
		return round == 0 ? expect + 1 : 1;
	return round < CHUNK_DOUBLINGS ? (size_t)CHUNK_FIRST << round : CHUNK;
}

/* expect: what there will be, or 0; a guess. */
static int read_all(int fd, size_t max, size_t expect, struct buf *b)
{
	const size_t before = b->len;
	int r = 0;

	for (unsigned int round = 0; r == 0; round++) {
		size_t left = max - (b->len - before);
		size_t want = step(expect, round);
		char surplus;
		ssize_t got;

		want = left < want ? left : want;
		/* One byte more than allowed shows that there is too much. It never goes
		 * into b, whose own maximum may be max. */
		r = want ? buf_reserve(b, want) : 0;
		if (r < 0)
			break;
		got = fd_read(fd, want ? b->data + b->len : &surplus, want ? want : 1);
		if (got < 0)
			r = (int)got;
		else if (got == 0)
			return 0;
		else if (!want)
			r = -EFBIG;
		else
			b->len += (size_t)got;
		if (b->data)
			b->data[b->len] = 0;
		/* As long as was expected, and no byte more though there was room. */
		if (r == 0 && round == 0 && (size_t)got == expect && want > expect)
			return 0;
	}
	b->len = before;
	if (b->data)
		b->data[before] = 0;
	return r;
}

static int open_regular(int dirfd, const char *name, uint64_t *ret_size)
{
	struct stat st;

	/* O_NONBLOCK: a FIFO in the place of the file must not hang us. */
	autoclose int fd =
		openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	*ret_size = (uint64_t)st.st_size;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int file_read(int dirfd, const char *name, size_t max, struct buf *b)
{
	uint64_t size = 0;

	autoclose int fd = open_regular(dirfd, name, &size);
	return fd < 0 ? fd : read_all(fd, max, (size_t)size, b);
}

ssize_t file_read_into(int dirfd, const char *name, char *dst, size_t size)
{
	uint64_t expect = 0;
	ssize_t got;

	autoclose int fd = open_regular(dirfd, name, &expect);
	if (fd < 0)
		return fd;
	if (expect >= size)
		return -EFBIG;
	got = fd_read(fd, dst, size);
	/* It may have grown meanwhile, or there may be more than it says. */
	if (got >= 0 && ((uint64_t)got != expect || (size_t)got == size))
		return -EFBIG;
	if (got >= 0)
		dst[got] = 0;
	return got;
}

int file_read_fd(int fd, size_t max, struct buf *b)
{
	return read_all(fd, max, 0, b);
}

int file_read_named(const char *path, size_t max, struct buf *b)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : read_all(fd, max, 0, b);
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

	/* As a rule it is there. */
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
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
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dirfd, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

/* --- trees -------------------------------------------------------------------------- */

int file_remove_tree(int dirfd, const char *name)
{
	return tree_remove(dirfd, name);
}

int file_tree_size(int dirfd, const char *name, uint64_t *ret)
{
	return tree_size(dirfd, name, ret);
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
