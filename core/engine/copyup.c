/* SPDX-License-Identifier: Apache-2.0 */
/* Copying out of the merged layers, on descriptors throughout. */
#include "core/engine/copyup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/rootview.h"

#define XATTR_NAMES_MAX 65536
#define XATTR_VALUE_MAX 65536
#define OVERLAY_XATTR   "user.overlay."
#define SELINUX_XATTR   "security.selinux"

struct fill {
	int dirfd;
	const struct copyup_ids *ids;
	bool last_pass; /* folders' modes and times, once their content is there */
};

static void proc_path(char dst[32], int fd)
{
	str_print(dst, 32, "/proc/self/fd/%d", fd);
}

static int copy_xattrs(int from, int to, bool overlay)
{
	autofree char *names = mem_alloc(XATTR_NAMES_MAX);
	autofree char *value = mem_alloc(XATTR_VALUE_MAX);
	char src[32], dst[32];

	proc_path(src, from);
	proc_path(dst, to);
	ssize_t n = listxattr(src, names, XATTR_NAMES_MAX);
	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (char *name = names; name < names + n; name += strlen(name) + 1) {
		if ((!overlay && str_starts(name, OVERLAY_XATTR)) ||
		    str_eq(name, SELINUX_XATTR))
			continue;
		ssize_t len = getxattr(src, name, value, XATTR_VALUE_MAX);
		if (len < 0 || (setxattr(dst, name, value, (size_t)len, 0) &&
				errno != ENOTSUP && errno != EPERM))
			return -errno;
	}
	return 0;
}

int copyup_dress(int from, int to, const struct stat *st, bool overlay)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	char path[32];

	proc_path(path, to);
	if (fchownat(to, "", st->st_uid, st->st_gid, AT_EMPTY_PATH) ||
	    (!S_ISLNK(st->st_mode) && chmod(path, st->st_mode & 07777)))
		return -errno;
	int r = S_ISLNK(st->st_mode) ? 0 : copy_xattrs(from, to, overlay);
	if (r < 0)
		return r;
	if (S_ISLNK(st->st_mode))
		return 0;
	return utimensat(AT_FDCWD, path, times, 0) ? -errno : 0;
}

static int dress(const struct fill *f, int from, int to, const struct stat *st)
{
	struct stat own = *st;
	int64_t uid = f->ids ? idmap_out(f->ids->uid, st->st_uid) : -1;
	int64_t gid = f->ids ? idmap_out(f->ids->gid, st->st_gid) : -1;

	if (uid >= 0)
		own.st_uid = (uid_t)uid;
	if (gid >= 0)
		own.st_gid = (gid_t)gid;
	return copyup_dress(from, to, &own, false);
}

static int copy_regular(const struct fill *f, int from, int dirfd, const char *name,
			const struct stat *st)
{
	char path[32];

	proc_path(path, from);
	autoclose int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in < 0)
		return -errno;
	autoclose int out = openat(
		dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return -errno;
	int64_t n = fd_copy(in, out, UINT64_MAX);
	return n < 0 ? (int)n : dress(f, from, out, st);
}

static int copy_link(const struct fill *f, int from, int dirfd, const char *name,
		     const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from, "", target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = 0;
	if (symlinkat(target, dirfd, name))
		return -errno;
	autoclose int made = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return made < 0 ? -errno : dress(f, from, made, st);
}

static int copy_other(const struct fill *f, int from, int dirfd, const char *name,
		      const struct stat *st)
{
	mode_t type = st->st_mode & S_IFMT;

	if (S_ISDIR(type)) {
		if (mkdirat(dirfd, name, 0700))
			return -errno;
	} else if (type == S_IFIFO || type == S_IFSOCK) {
		if (mknodat(dirfd, name, type | 0600, 0))
			return -errno;
	} else {
		return 0;
	}
	autoclose int made = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return made < 0 ? -errno : S_ISDIR(type) ? 0 : dress(f, from, made, st);
}

static int copy_node(const struct fill *f, int from, int dirfd, const char *name,
		     const struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return copy_regular(f, from, dirfd, name, st);
	if (S_ISLNK(st->st_mode))
		return copy_link(f, from, dirfd, name, st);
	return copy_other(f, from, dirfd, name, st);
}

static int visit(void *arg, const char *rel, int fd, const struct stat *st, struct err *e)
{
	const struct fill *f = arg;
	autofree char *dir = path_dir(rel);
	int r;

	if (f->last_pass && !S_ISDIR(st->st_mode))
		return 0;
	if (!f->last_pass && !*rel)
		return 0;
	autoclose int at = path_open_beneath(f->dirfd, f->last_pass && *rel ? rel : dir,
					     O_PATH | O_DIRECTORY, 0);
	if (at < 0)
		r = at;
	else
		r = f->last_pass ? dress(f, fd, at, st)
				 : copy_node(f, fd, at, path_base(rel), st);
	return r < 0 ? err_code(e, r, "copy '%s' of the image", rel) : 0;
}

int copyup_fill(const struct strv *layers, const char *path, int dirfd,
		const struct copyup_ids *ids, struct err *e)
{
	struct fill f = { .dirfd = dirfd, .ids = ids };
	int r = rootview_walk(layers, path, visit, &f, e);

	if (r < 0)
		return r;
	f.last_pass = true;
	return rootview_walk(layers, path, visit, &f, e);
}
