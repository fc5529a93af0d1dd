/* SPDX-License-Identifier: Apache-2.0 */
/* Places inside a layer's folder. */
#include "core/image/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void place_init(struct place *p, int root)
{
	p->root = root;
	p->fd = -1;
	p->at[0] = 0;
	p->setgid = false;
	p->made = (struct strv){ 0 };
}

void place_forget(struct place *p)
{
	p->fd = fd_close(p->fd);
}

void place_done(struct place *p)
{
	place_forget(p);
	strv_done(&p->made);
}

int place_clean(char dst[PLACE_MAX], const char *path)
{
	size_t len = 0;

	if (!path[0])
		return -EINVAL;
	while (*path) {
		size_t n = strcspn(path, "/");
		bool dot = n == 1 && path[0] == '.';
		if (n == 2 && path[0] == '.' && path[1] == '.')
			return -EINVAL;
		if (n > 0 && !dot) {
			if (n > NAME_MAX || len + 1 + n >= PLACE_MAX)
				return -EINVAL;
			if (len)
				dst[len++] = '/';
			memcpy(dst + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	dst[len] = 0;
	return 0;
}

bool place_is_whiteout(int dirfd, const char *name)
{
	struct stat st;

	return !fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

int place_set_opaque(int dirfd)
{
	return fsetxattr(dirfd, "user.overlay.opaque", "y", 1, 0) ? -errno : 0;
}

/* One step down, making the folder when it is missing. A whiteout of this layer in its
 * place means: what was below is hidden, and the new folder begins empty. */
static int step(int at, const char *name, bool *ret_made)
{
	int fd = openat(at, name, OPEN_DIR);
	bool opaque = false;

	if (fd >= 0)
		return fd;
	if (errno == ENOTDIR && place_is_whiteout(at, name)) {
		if (unlinkat(at, name, 0))
			return -errno;
		opaque = true;
	} else if (errno != ENOENT) {
		return -errno;
	}
	if (mkdirat(at, name, 0755) && errno != EEXIST)
		return -errno;
	*ret_made = !opaque;
	fd = openat(at, name, OPEN_DIR);
	if (fd < 0)
		return -errno;
	int r = opaque ? place_set_opaque(fd) : 0;
	if (r == 0 && (fchmod(fd, 0755) || fchown(fd, geteuid(), getegid())))
		r = -errno;
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

static int walk(struct place *p, const char *path)
{
	autoclose int at = openat(p->root, ".", OPEN_DIR);
	const char *dir = path;

	if (at < 0)
		return -errno;
	while (*dir) {
		char name[NAME_MAX + 1];
		size_t n = strcspn(dir, "/");
		memcpy(name, dir, n);
		name[n] = 0;
		bool made = false;
		int next = step(at, name, &made);
		if (next < 0)
			return next;
		if (made && p->made.len < PLACE_MADE_MAX)
			strv_push(&p->made, str_ndup(path, (size_t)(dir - path) + n));
		fd_close(at);
		at = next;
		dir += n + (dir[n] == '/');
	}
	return TAKE_FD(at);
}

static int open_parent(struct place *p, const char *dir, bool make)
{
	int fd = path_open_beneath(p->root, dir[0] ? dir : ".", OPEN_DIR, 0);

	if (make && (fd == -ENOENT || fd == -ENOTDIR))
		fd = walk(p, dir);
	return fd;
}

int place_find(struct place *p, const char *clean, bool make, const char **ret_name,
	       struct err *e)
{
	char dir[PLACE_MAX] = "";
	const char *slash = strrchr(clean, '/');
	struct stat st;

	if (slash) {
		memcpy(dir, clean, (size_t)(slash - clean));
		dir[slash - clean] = 0;
	}
	*ret_name = slash ? slash + 1 : clean;
	if (p->fd >= 0 && str_eq(dir, p->at))
		return p->fd;
	place_forget(p);
	int fd = open_parent(p, dir, make);
	if (fd == -ELOOP || fd == -ENOTDIR || fd == -EXDEV)
		return err_set(
			e, -EBADMSG,
			"'%s' leads through '%s', which is a link or a file and not a "
			"folder of this layer",
			clean, dir);
	if (fd < 0)
		return err_code(e, fd, "'%s'", clean);
	p->fd = fd;
	p->setgid = fstat(fd, &st) || (st.st_mode & S_ISGID);
	str_copy(p->at, sizeof(p->at), dir);
	return fd;
}
