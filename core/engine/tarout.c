/* SPDX-License-Identifier: Apache-2.0 */
/* Walking on descriptors, writing tar. */
#include "core/engine/tarout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define CHUNK     65536
#define CAPS_NAME "security.capability"
#define CAPS_MAX  64

struct seen {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct walk {
	struct tar_writer *tar;
	struct seen *seen; /* files with several names */
	size_t seen_len;
	char *chunk;
};

static int put_node(struct walk *w, int at, const char *name, const char *path,
		    struct err *e);

static const char *seen_path(struct walk *w, const struct stat *st, const char *path)
{
	if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
		return NULL;
	for (size_t i = 0; i < w->seen_len; i++)
		if (w->seen[i].ino == st->st_ino && w->seen[i].dev == st->st_dev)
			return w->seen[i].path;
	w->seen = mem_resize(w->seen, w->seen_len + 1, sizeof(*w->seen));
	w->seen[w->seen_len++] = (struct seen){ st->st_dev, st->st_ino, str_dup(path) };
	return NULL;
}

static int put_data(struct walk *w, int fd, const struct tar_entry *t, struct err *e)
{
	for (uint64_t left = t->size; left;) {
		size_t most = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n = fd_read(fd, w->chunk, most);
		if (n < 0)
			return err_code(e, (int)n, "read '%s'", t->path);
		if (n == 0) { /* it became shorter meanwhile */
			memset(w->chunk, 0, most);
			n = (ssize_t)most;
		}
		int r = tar_add_data(w->tar, w->chunk, (size_t)n, e);
		if (r < 0)
			return r;
		left -= (uint64_t)n;
	}
	return 0;
}

static int put_file(struct walk *w, int at, const char *name, struct tar_entry *t,
		    struct err *e)
{
	autoclose int fd = openat(
		at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char caps[CAPS_MAX];
	struct tar_xattr x = { CAPS_NAME, caps, 0 };

	if (fd < 0)
		return err_sys(e, "open '%s'", t->path);
	ssize_t n = fgetxattr(fd, CAPS_NAME, caps, sizeof(caps));
	struct tar_entry with = *t;
	if (n > 0) {
		x.size = (size_t)n;
		with.xattrs = &x;
		with.xattrs_len = 1;
	}
	int r = tar_add(w->tar, &with, e);
	return r < 0 ? r : put_data(w, fd, t, e);
}

static int list(int fd, struct strv *ret, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *de;

	if (!d) {
		fd_close(copy);
		return err_sys(e, "read a folder");
	}
	while ((de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_add(ret, de->d_name);
	closedir(d);
	strv_sort(ret);
	return 0;
}

static int put_folder(struct walk *w, int at, const char *name, const struct tar_entry *t,
		      struct err *e)
{
	autoclose int fd =
		openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autostrv names = { 0 };

	if (fd < 0)
		return err_sys(e, "open '%s'", t->path);
	int r = *t->path ? tar_add(w->tar, t, e) : 0;
	if (r == 0)
		r = list(fd, &names, e);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		autofree char *path =
			*t->path ? path_join(t->path, names.v[i]) : str_dup(names.v[i]);
		r = put_node(w, fd, names.v[i], path, e);
	}
	return r;
}

static int put_link(struct walk *w, int at, const char *name, struct tar_entry *t,
		    struct err *e)
{
	char to[TAR_PATH_MAX + 1];
	ssize_t n = readlinkat(at, name, to, sizeof(to));

	if (n < 0 || n == (ssize_t)sizeof(to))
		return n < 0 ? err_sys(e, "read the link '%s'", t->path)
			     : err_code(e, -ENAMETOOLONG, "the link '%s'", t->path);
	to[n] = 0;
	t->type = TAR_SYMLINK;
	t->link = to;
	return tar_add(w->tar, t, e);
}

static int put_node(struct walk *w, int at, const char *name, const char *path,
		    struct err *e)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_sys(e, "look at '%s'", path);
	struct tar_entry t = {
		.path = path,
		.link = "",
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
	};
	const char *first = seen_path(w, &st, path);
	if (first) {
		t.type = TAR_HARDLINK;
		t.link = first;
		return tar_add(w->tar, &t, e);
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		t.size = (uint64_t)st.st_size;
		return put_file(w, at, name, &t, e);
	case S_IFDIR:
		t.type = TAR_DIR;
		return put_folder(w, at, name, &t, e);
	case S_IFLNK:
		return put_link(w, at, name, &t, e);
	case S_IFIFO:
		t.type = TAR_FIFO;
		return tar_add(w->tar, &t, e);
	case S_IFCHR:
	case S_IFBLK:
		t.type = S_ISCHR(st.st_mode) ? TAR_CHAR : TAR_BLOCK;
		t.rdev_major = major(st.st_rdev);
		t.rdev_minor = minor(st.st_rdev);
		return tar_add(w->tar, &t, e);
	default:
		return 0;
	}
}

/* The folder and the name in it that stand for the path; a path that is followed, or has
 * no name of its own ("/", "x/."), is its own folder with the name ".". */
static int find(const struct tarout *o, const char **ret_name)
{
	size_t n = strlen(o->path);
	bool bare = n == 0 || o->path[n - 1] == '/' || str_eq(path_base(o->path), ".") ||
		    str_eq(path_base(o->path), "..");

	if (bare) {
		*ret_name = ".";
		return path_open_in(o->root, o->path, O_PATH | O_DIRECTORY, 0);
	}
	return path_open_parent_in(o->root, o->path, ret_name);
}

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->seen_len; i++)
		free(w->seen[i].path);
	free(w->seen);
	free(w->chunk);
	tar_writer_free(w->tar);
}

/* A link's own end: opened as O_PATH, known by the kernel's name for the descriptor. */
static int put_followed(struct walk *w, const struct tarout *o, struct err *e)
{
	autoclose int fd = path_open_in(o->root, o->path, O_PATH, 0);
	char path[32];
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return put_node(w, fd, ".", o->name, e);
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "'%s' is no file and no folder", o->path);
	str_print(path, sizeof(path), "/proc/self/fd/%d", fd);
	autoclose int in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_sys(e, "open '%s'", o->path);
	struct tar_entry t = { .path = o->name,
			       .link = "",
			       .mode = st.st_mode & 07777,
			       .uid = st.st_uid,
			       .gid = st.st_gid,
			       .size = (uint64_t)st.st_size,
			       .mtime = (int64_t)st.st_mtim.tv_sec * 1000000000 };
	int r = tar_add(w->tar, &t, e);
	return r < 0 ? r : put_data(w, in, &t, e);
}

int tarout_write(const struct tarout *o, tar_write_fn *write, void *arg, struct err *e)
{
	autodone(walk_done) struct walk w = { .tar = tar_writer_new(write, arg),
					      .chunk = mem_alloc(CHUNK) };
	const char *name;
	struct stat st;
	int r;

	if (o->follow) {
		r = put_followed(&w, o, e);
	} else {
		autoclose int at = find(o, &name);
		if (at < 0)
			return at;
		if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
			return -errno;
		r = put_node(&w, at, name, o->name, e);
	}
	return r < 0 ? r : tar_finish(w.tar, e);
}
