/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's content copied. Names of the image are only ever looked up in an open folder
 * and never followed. */
#include "core/runtime/copyover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"

#define DEPTH_MAX 128 /* an open folder each */

static int keep_owner(int fd, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(fd, st->st_uid, st->st_gid) < 0 ||
	    fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	autoclose int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int out = -1;
	int64_t n;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	if (out < 0)
		return -errno;
	n = fd_copy(in, out, UINT64_MAX);
	return n < 0 ? (int)n : keep_owner(out, st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = 0;
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_folder(int from, int to, int depth);

static int copy_below(int from, int to, const char *name, int depth)
{
	autoclose int in =
		openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int out = -1;

	if (in < 0)
		return -errno;
	if (mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : copy_folder(in, out, depth + 1);
}

static int copy_one(int from, int to, const char *name, int depth)
{
	struct stat st;

	if (str_eq(name, ".") || str_eq(name, ".."))
		return 0;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return copy_below(from, to, name, depth);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st);
	return S_ISLNK(st.st_mode) ? copy_link(from, to, name, &st) : 0;
}

static int copy_folder(int from, int to, int depth)
{
	int own = depth < DEPTH_MAX ? fcntl(from, F_DUPFD_CLOEXEC, 3) : -1;
	DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;
	struct stat st;
	int r = 0;

	if (!d) {
		fd_close(own);
		return depth < DEPTH_MAX ? -errno : -ELOOP;
	}
	while (r == 0 && (entry = readdir(d)))
		r = copy_one(from, to, entry->d_name, depth);
	closedir(d);
	/* Last: filling it changed its times. The topmost is a mount's own root. */
	if (r == 0 && depth > 0)
		r = fstat(from, &st) < 0 ? -errno : keep_owner(to, &st);
	return r;
}

int copyover_fill(int from, int to, struct err *e)
{
	autoclose int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = in < 0 || out < 0 ? -errno : copy_folder(in, out, 0);

	return r < 0 ? err_code(e, r, "copy the image's folder") : 0;
}
