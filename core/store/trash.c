/* SPDX-License-Identifier: Apache-2.0 */
/* The trash, and the locks by which a dead maker is known. */
#include "core/store/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"

int trash_move(const struct store *s, int dirfd, const char *name, char **ret)
{
	for (;;) {
		uint64_t n;
		id_random(&n, sizeof(n));
		autofree char *to =
			str_fmt(TRASH_PREFIX "%016llx", (unsigned long long)n);
		if (!renameat2(dirfd, name, s->tmp_fd, to, RENAME_NOREPLACE)) {
			if (ret)
				*ret = TAKE_PTR(to);
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
}

bool trash_same(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return !fstat(fd, &a) && !fstatat(dirfd, name, &b, AT_SYMLINK_NOFOLLOW) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int lock(int fd, int how)
{
	while (flock(fd, how))
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Between mkdir and flock a sweep may take the folder for a dead one's and remove it:
 * hence the second look, and another round. */
int trash_lock_dir(int dirfd, const char *name, bool wait, bool *ret_made)
{
	for (;;) {
		bool made = !mkdirat(dirfd, name, 0700);
		if (!made && errno != EEXIST)
			return -errno;
		autoclose int fd = openat(
			dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		int r = lock(fd, LOCK_EX | (wait ? 0 : LOCK_NB));
		if (r < 0)
			return r;
		if (!trash_same(dirfd, name, fd))
			continue;
		*ret_made = made;
		return TAKE_FD(fd);
	}
}

bool trash_is_free(int dirfd, const char *name)
{
	autoclose int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && lock(fd, LOCK_SH | LOCK_NB) == 0;
}
