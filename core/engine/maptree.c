/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a tree, on descriptors throughout. */
#include "core/engine/maptree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/copyup.h"

#define METACOPY    "user.overlay.metacopy"
#define REDIRECT    "user.overlay.redirect"
#define TABLE_FIRST 256 /* a power of two */

/* A file with several names, and the first of them that was made. */
struct link {
	ino_t inode;
	char *path; /* NULL: a free place */
};

struct work {
	const struct maptree *m;
	int root;        /* of the copy */
	struct buf path; /* "/a/b", of the node in hand */
	struct link *table;
	size_t size, used;
};

static void work_done(struct work *w)
{
	for (size_t i = 0; i < w->size; i++)
		free(w->table[i].path);
	free(w->table);
	buf_done(&w->path);
}

/* --- files with several names --------------------------------------------------------
 */

static struct link *place_of(const struct work *w, ino_t inode)
{
	size_t i = (size_t)(inode * 0x9e3779b97f4a7c15ull >> 32) & (w->size - 1);

	while (w->table[i].path && w->table[i].inode != inode)
		i = (i + 1) & (w->size - 1);
	return &w->table[i];
}

static void grow(struct work *w)
{
	struct work old = *w;

	w->size = old.size ? old.size * 2 : TABLE_FIRST;
	w->table = mem_array(w->size, sizeof(*w->table));
	for (size_t i = 0; i < old.size; i++)
		if (old.table[i].path)
			*place_of(w, old.table[i].inode) = old.table[i];
	free(old.table);
}

/* 1: linked to its first name; 0: this is the first. */
static int link_known(struct work *w, int to, const char *name, ino_t inode)
{
	struct link *l;

	if (w->used * 2 >= w->size)
		grow(w);
	l = place_of(w, inode);
	if (l->path)
		return linkat(w->root, l->path + 1, to, name, 0) ? -errno : 1;
	*l = (struct link){ inode, str_dup(buf_str(&w->path)) };
	w->used++;
	return 0;
}

/* --- nodes ---------------------------------------------------------------------------
 */

/* What the map has not stays as it is, and is nobody's inside. */
static uint32_t out(const struct idmap *m, uint32_t id)
{
	int64_t r = idmap_out(m, id);

	return r < 0 ? id : (uint32_t)r;
}

static int dress(const struct work *w, int from, int to, struct stat *st)
{
	st->st_uid = out(w->m->uid, st->st_uid);
	st->st_gid = out(w->m->gid, st->st_gid);
	return copyup_dress(from, to, st, true);
}

static int copy_content(int from, int to)
{
	char path[32];
	int64_t n;

	str_print(path, sizeof(path), "/proc/self/fd/%d", from);
	autoclose int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (in < 0)
		return -errno;
	n = fd_copy(in, to, UINT64_MAX);
	return n < 0 ? (int)n : 0;
}

static int point(const struct work *w, int to, off_t size)
{
	const char *path = buf_str(&w->path);

	return ftruncate(to, size) || fsetxattr(to, METACOPY, "", 0, 0) ||
			       fsetxattr(to, REDIRECT, path, strlen(path), 0)
		       ? -errno
		       : 0;
}

static int copy_regular(struct work *w, int from, int to, const char *name,
			struct stat *st)
{
	int r;

	autoclose int made = openat(
		to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (made < 0)
		return -errno;
	r = st->st_size == 0 ? 0
	    : w->m->meta     ? point(w, made, st->st_size)
			     : copy_content(from, made);
	return r < 0 ? r : dress(w, from, made, st);
}

static int make_other(int from, int to, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!S_ISLNK(st->st_mode))
		return mknodat(to, name, st->st_mode & (S_IFMT | 07777), st->st_rdev)
			       ? -errno
			       : 0;
	n = readlinkat(from, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = 0;
	return symlinkat(target, to, name) ? -errno : 0;
}

static int copy_other(struct work *w, int from, int to, const char *name, struct stat *st)
{
	int r = make_other(from, to, name, st);

	/* Only a whiteout is a device that may be made here. */
	if (r == -EPERM && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return 0;
	autoclose int made =
		r < 0 ? -1 : openat(to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (made < 0)
		return r < 0 ? r : -errno;
	return S_ISCHR(st->st_mode) ? 0 : dress(w, from, made, st);
}

static int copy_folder(struct work *w, int from, int to, struct err *e);

static int copy_node(struct work *w, int at, int to, const char *name, struct err *e)
{
	autoclose int from = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r = from < 0 || fstat(from, &st) ? -errno : 0;

	if (r == 0 && S_ISDIR(st.st_mode)) {
		autoclose int made =
			mkdirat(to, name, 0700)
				? -1
				: openat(to, name,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (made >= 0)
			return copy_folder(w, from, made, e);
		r = -errno;
	} else if (r == 0) {
		if (st.st_nlink > 1)
			r = link_known(w, to, name, st.st_ino);
		if (r == 0)
			r = S_ISREG(st.st_mode) ? copy_regular(w, from, to, name, &st)
						: copy_other(w, from, to, name, &st);
	}
	return r < 0 ? err_code(e, r, "copy '%s' of the image", buf_str(&w->path)) : 0;
}

/* Its own attributes last: its content changes its time. */
static int copy_folder(struct work *w, int from, int to, struct err *e)
{
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t len = w->path.len;
	struct dirent *de;
	struct stat st;
	int r = 0;

	if (!d) {
		r = err_sys(e, "read '%s' of the image", buf_str(&w->path));
		fd_close(fd);
		return r;
	}
	while (r == 0 && (de = readdir(d))) {
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		buf_addf(&w->path, "/%s", de->d_name);
		r = copy_node(w, from, to, de->d_name, e);
		w->path.len = len;
		w->path.data[len] = 0;
	}
	closedir(d);
	if (r < 0)
		return r;
	r = fstat(from, &st) ? -errno : dress(w, from, to, &st);
	return r < 0 ? err_code(e, r, "copy '%s' of the image", buf_str(&w->path)) : 0;
}

int maptree_copy(const struct maptree *m, int from, int to, struct err *e)
{
	autodone(work_done) struct work w = { .m = m, .root = to };

	buf_adds(&w.path, "");
	return copy_folder(&w, from, to, e);
}
