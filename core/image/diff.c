/* SPDX-License-Identifier: Apache-2.0 */
/* An overlay's upper folder as a layer's tar.
 *
 * One folder after the other, its names sorted, from a list of those still to be read: at
 * most one folder is open at a time, however deep the tree. A folder's own entry is
 * written when it is found, its content when its turn comes, so parents precede children
 * and the first name of a file precedes its hard links. */
#include "core/image/diff.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/oci/whiteout.h"

#define CHUNK      (256 * 1024)
#define XATTRS_MAX 64 /* of one file */
#define OPEN_DIR   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OPEN_FILE  (O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)

#define BUCKETS    4096

struct seen {
	struct seen *next; /* in its bucket */
	dev_t dev;
	ino_t ino;
	char *path;
};

struct diff {
	int upper;
	const struct strv *skip;
	struct tar_writer *tar;
	uint64_t entries;
	struct strv pending; /* folders to be read, the next one last */
	struct seen **links; /* files with several names, as they were written */
	uint8_t *chunk;
};

/* Names and values of one file, as the tar writer wants them. */
struct attributes {
	struct tar_xattr v[XATTRS_MAX];
	size_t len;
	char *names;
	uint8_t *values;
};

static void attributes_done(struct attributes *a)
{
	free(a->names);
	free(a->values);
}

static bool wanted(const char *name, bool is_file)
{
	if (str_eq(name, "security.capability"))
		return is_file;
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.");
}

static int read_attributes(int fd, bool is_file, struct attributes *ret)
{
	ssize_t n = flistxattr(fd, NULL, 0);
	size_t used = 0;

	if (n <= 0)
		return n < 0 && errno != EOPNOTSUPP ? -errno : 0;
	ret->names = mem_alloc(XATTR_LIST_MAX);
	n = flistxattr(fd, ret->names, XATTR_LIST_MAX);
	if (n < 0)
		return -errno;
	for (const char *p = ret->names; p < ret->names + n; p += strlen(p) + 1) {
		if (!wanted(p, is_file))
			continue;
		if (!ret->values)
			ret->values = mem_alloc(TAR_XATTR_MAX);
		if (ret->len == XATTRS_MAX)
			return -E2BIG;
		ssize_t k = fgetxattr(fd, p, ret->values + used, TAR_XATTR_MAX - used);
		if (k < 0)
			return -errno;
		ret->v[ret->len++] =
			(struct tar_xattr){ p, ret->values + used, (size_t)k };
		used += (size_t)k;
	}
	return 0;
}

static bool is_opaque(int fd)
{
	char value[1];

	return fgetxattr(fd, "user.overlay.opaque", value, 1) == 1 && value[0] == 'y';
}

static char *join(const char *dir, const char *name)
{
	return dir[0] ? str_fmt("%s/%s", dir, name) : str_dup(name);
}

/* Whole seconds, as docker's layers have. */
static struct tar_entry entry_of(const char *path, const struct stat *st)
{
	return (struct tar_entry){
		.path = path,
		.link = "",
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = (int64_t)st->st_mtim.tv_sec * 1000000000,
	};
}

static int put(struct diff *d, const struct tar_entry *t, struct err *e)
{
	d->entries++;
	return tar_add(d->tar, t, e);
}

/* --- kinds of entries --------------------------------------------------------------- */

static int put_whiteout(struct diff *d, const char *dir, const char *name,
			const struct stat *st, struct err *e)
{
	autofree char *hidden = str_fmt(WHITEOUT_PREFIX "%s", name);
	autofree char *path = join(dir, hidden);
	struct tar_entry t = entry_of(path, st);

	t.mode = 0;
	return put(d, &t, e);
}

static int put_link(struct diff *d, int at, const char *name, struct tar_entry *t,
		    struct err *e)
{
	char to[TAR_PATH_MAX + 1];
	ssize_t n = readlinkat(at, name, to, sizeof(to));

	if (n < 0 || n == sizeof(to))
		return n < 0 ? err_sys(e, "read the link '%s'", t->path)
			     : err_code(e, -ENAMETOOLONG, "the link '%s'", t->path);
	to[n] = 0;
	t->type = TAR_SYMLINK;
	t->link = to;
	t->mode = 0777;
	return put(d, t, e);
}

/* The name by which a file was written before, or NULL: from now on it is path. */
static const char *first_name(struct diff *d, const struct stat *st, const char *path)
{
	struct seen **bucket = &d->links[st->st_ino % BUCKETS], *f;

	for (f = *bucket; f; f = f->next)
		if (f->ino == st->st_ino && f->dev == st->st_dev)
			return f->path;
	f = mem_new(struct seen);
	*f = (struct seen){ *bucket, st->st_dev, st->st_ino, str_dup(path) };
	*bucket = f;
	return NULL;
}

static void links_free(struct seen **links)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct seen *f = links[i], *next; f; f = next) {
			next = f->next;
			free(f->path);
			free(f);
		}
	free(links);
}

static int put_data(struct diff *d, int fd, const struct tar_entry *t, struct err *e)
{
	uint64_t left = t->size;
	int r = 0;

	while (r == 0 && left) {
		size_t most = left < CHUNK ? (size_t)left : CHUNK;
		ssize_t n = fd_read(fd, d->chunk, most);
		if (n < 0)
			return err_code(e, (int)n, "read '%s'", t->path);
		if (n == 0) { /* it became shorter */
			memset(d->chunk, 0, most);
			n = (ssize_t)most;
		}
		r = tar_add_data(d->tar, d->chunk, (size_t)n, e);
		left -= (uint64_t)n;
	}
	return r;
}

static int put_file(struct diff *d, int at, const char *name, struct tar_entry *t,
		    struct err *e)
{
	autodone(attributes_done) struct attributes a = { 0 };
	struct stat st;

	autoclose int fd = openat(at, name, OPEN_FILE);
	if (fd < 0 || fstat(fd, &st))
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", t->path);
	if (!S_ISREG(st.st_mode))
		return 0; /* another one took its place meanwhile */
	const char *first = st.st_nlink > 1 ? first_name(d, &st, t->path) : NULL;
	if (first) {
		t->type = TAR_HARDLINK;
		t->link = first;
		return put(d, t, e);
	}
	int r = read_attributes(fd, true, &a);
	if (r < 0)
		return err_code(e, r, "read the attributes of '%s'", t->path);
	t->type = TAR_FILE;
	t->size = (uint64_t)st.st_size;
	t->xattrs = a.v;
	t->xattrs_len = a.len;
	r = put(d, t, e);
	return r < 0 ? r : put_data(d, fd, t, e);
}

static int put_dir(struct diff *d, int at, const char *name, struct tar_entry *t,
		   struct err *e)
{
	autodone(attributes_done) struct attributes a = { 0 };
	autoclose int fd = openat(at, name, OPEN_DIR);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", t->path);
	int r = read_attributes(fd, false, &a);
	if (r < 0)
		return err_code(e, r, "read the attributes of '%s'", t->path);
	t->type = TAR_DIR;
	t->xattrs = a.v;
	t->xattrs_len = a.len;
	r = put(d, t, e);
	if (r < 0 || !is_opaque(fd))
		return r;
	autofree char *mark = join(t->path, WHITEOUT_PREFIX WHITEOUT_PREFIX ".opq");
	struct tar_entry o = { .path = mark, .link = "", .mtime = t->mtime };
	return put(d, &o, e);
}

/* --- the tree ----------------------------------------------------------------------- */

static int put_name(struct diff *d, int at, const char *dir, const char *name,
		    struct err *e)
{
	autofree char *path = join(dir, name);
	struct stat st;

	if (d->skip && strv_has(d->skip, path))
		return 0;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : err_sys(e, "look at '%s'", path);
	struct tar_entry t = entry_of(path, &st);
	int r;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		r = put_dir(d, at, name, &t, e);
		if (r == 0)
			strv_push(&d->pending, TAKE_PTR(path));
		return r;
	case S_IFREG:
		return put_file(d, at, name, &t, e);
	case S_IFLNK:
		return put_link(d, at, name, &t, e);
	case S_IFIFO:
		t.type = TAR_FIFO;
		return put(d, &t, e);
	case S_IFCHR:
		if (st.st_rdev == makedev(0, 0))
			return put_whiteout(d, dir, name, &st, e);
		break;
	}
	return 0; /* a socket, or a node that no user namespace can have made */
}

static int list_names(int fd, struct strv *ret)
{
	int own = openat(fd, ".", OPEN_DIR);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;

	if (!dir) {
		fd_close(own);
		return -errno;
	}
	while ((de = readdir(dir)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_add(ret, de->d_name);
	closedir(dir);
	strv_sort(ret);
	return 0;
}

static int put_content(struct diff *d, const char *dir, struct err *e)
{
	autostrv names = { 0 };
	autoclose int fd = dir[0] ? path_open_beneath(d->upper, dir, OPEN_DIR, 0)
				  : openat(d->upper, ".", OPEN_DIR);
	int r = fd < 0 ? (dir[0] ? fd : -errno) : list_names(fd, &names);

	if (r == -ENOENT && dir[0]) /* removed meanwhile */
		return 0;
	if (r < 0)
		return err_code(e, r, "read '/%s'", dir);
	size_t before = d->pending.len;
	for (size_t i = 0; r == 0 && i < names.len; i++)
		r = put_name(d, fd, dir, names.v[i], e);
	/* the first of them is to be the next */
	for (size_t i = before, k = d->pending.len; i + 1 < k; i++) {
		char *swap = d->pending.v[i];
		d->pending.v[i] = d->pending.v[--k];
		d->pending.v[k] = swap;
	}
	return r;
}

/* Readers give a layer's own folder 0755 of root when nothing says otherwise. */
static int put_root(struct diff *d, struct err *e)
{
	struct stat st;

	if (fstat(d->upper, &st))
		return err_sys(e, "look at the upper folder");
	if ((st.st_mode & 07777) == 0755 && st.st_uid == 0 && st.st_gid == 0)
		return 0;
	struct tar_entry t = entry_of("./", &st);
	t.type = TAR_DIR;
	return put(d, &t, e);
}

int diff_write(int upper, const struct strv *skip, tar_write_fn *write, void *arg,
	       uint64_t *ret_entries, struct err *e)
{
	struct diff d = { .upper = upper, .skip = skip };
	int r;

	d.tar = tar_writer_new(write, arg);
	d.chunk = mem_alloc(CHUNK);
	d.links = mem_array(BUCKETS, sizeof(*d.links));
	r = put_root(&d, e);
	if (r == 0)
		r = put_content(&d, "", e);
	while (r == 0 && d.pending.len) {
		autofree char *dir = str_dup(d.pending.v[d.pending.len - 1]);
		strv_remove(&d.pending, d.pending.len - 1);
		r = put_content(&d, dir, e);
	}
	if (r == 0)
		r = tar_finish(d.tar, e);
	if (r == 0)
		*ret_entries = d.entries;
	tar_writer_free(d.tar);
	strv_done(&d.pending);
	links_free(d.links);
	free(d.chunk);
	return r;
}
