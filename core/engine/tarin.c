/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking on descriptors. */
#include "core/engine/tarin.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/base/strv.h"

/* A folder's times are set when all is in it. */
struct folder {
	char *path;
	int64_t mtime;
};

struct extract {
	const struct tarin *t;
	struct tar_reader *tar;
	int dirfd;
	char *name; /* what the first entry's name becomes; NULL: names stay */
	char *first;
	struct folder *folders;
	size_t folders_len;
	uint64_t *bytes;
};

static void extract_done(struct extract *x)
{
	for (size_t i = 0; i < x->folders_len; i++)
		free(x->folders[i].path);
	free(x->folders);
	free(x->name);
	free(x->first);
	if (x->t->place)
		fd_close(x->dirfd);
	tar_reader_free(x->tar);
}

/* "./a//b/" → "a/b"; "" for the root itself. -EINVAL for one with "..". */
static int clean(const char *path, char **ret, struct err *e)
{
	autostrv parts = { 0 }, kept = { 0 };

	strv_split(&parts, path, '/');
	for (size_t i = 0; i < parts.len; i++) {
		if (str_eq(parts.v[i], ".."))
			return err_set(e, -EINVAL, "the archive's '%s' leads outside",
				       path);
		if (*parts.v[i] && !str_eq(parts.v[i], "."))
			strv_add(&kept, parts.v[i]);
	}
	*ret = strv_join(&kept, "/");
	return 0;
}

/* An archive's name → the name below dirfd. */
static int rename_entry(const struct extract *x, const char *path, char **ret,
			struct err *e)
{
	autofree char *at = NULL;
	int r = clean(path, &at, e);

	if (r < 0 || !at)
		return r;
	if (!x->name) {
		*ret = TAKE_PTR(at);
		return 0;
	}
	size_t n = strlen(x->first);
	if (strncmp(at, x->first, n) || (n && at[n] && at[n] != '/'))
		return err_set(e, -EINVAL, "the archive's '%s' is not in '%s'", path,
			       x->first);
	const char *rest = at + n + (at[n] == '/');
	*ret = !*x->name ? str_dup(rest)
	       : *rest   ? str_fmt("%s/%s", x->name, rest)
			 : str_dup(x->name);
	return 0;
}

static int open_parent(const struct extract *x, const char *path, struct err *e)
{
	autofree char *dir = path_dir(path);
	int fd = path_open_beneath(x->dirfd, dir, O_PATH | O_DIRECTORY, 0);

	/* An archive need not name its folders. */
	if (fd == -ENOENT && x->t->owner != TARIN_MINE)
		fd = path_mkdirs_in(x->dirfd, dir, 0755, (uid_t)-1, (gid_t)-1);
	return fd < 0 ? err_code(e, fd, "open '%s'", dir) : fd;
}

static int dress(const struct extract *x, int fd, const struct tar_entry *t,
		 struct err *e)
{
	char path[32];
	struct timespec times[2] = {
		{ .tv_nsec = UTIME_NOW },
		{ .tv_sec = t->mtime / 1000000000, .tv_nsec = t->mtime % 1000000000 },
	};
	bool keep = x->t->owner == TARIN_KEEP, link = t->type == TAR_SYMLINK;

	if (times[1].tv_nsec < 0)
		times[1].tv_nsec = 0;
	str_print(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (x->t->owner != TARIN_MINE &&
	    fchownat(fd, "", keep ? t->uid : 0, keep ? t->gid : 0, AT_EMPTY_PATH))
		return err_sys(e, "give '%s' to %u:%u", t->path, keep ? t->uid : 0,
			       keep ? t->gid : 0);
	if (link)
		return 0;
	/* After the owner, which takes set-id bits and capabilities away. */
	for (size_t i = 0; x->t->owner != TARIN_MINE && i < t->xattrs_len; i++)
		(void)setxattr(path, t->xattrs[i].name, t->xattrs[i].value,
			       t->xattrs[i].size, 0);
	/* A program of a container must not run as the user for whoever starts it. */
	bool mine = x->t->owner == TARIN_MINE && t->type == TAR_FILE;
	if (chmod(path, t->mode & (mine ? 0777 : 07777)))
		return err_sys(e, "set the mode of '%s'", t->path);
	utimensat(AT_FDCWD, path, times, 0);
	return 0;
}

static int check_there(int at, const char *name, const struct tar_entry *t, bool *ret_dir,
		       struct err *e)
{
	struct stat st;
	bool dir = t->type == TAR_DIR;

	*ret_dir = false;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (dir && !S_ISDIR(st.st_mode))
		return err_set(
			e, -ENOTDIR,
			"cannot overwrite non-directory \"%s\" with directory \"%s\"",
			name, t->path);
	if (!dir && S_ISDIR(st.st_mode))
		return err_set(
			e, -EISDIR,
			"cannot overwrite directory \"%s\" with non-directory \"%s\"",
			name, t->path);
	*ret_dir = dir;
	if (!dir && unlinkat(at, name, 0))
		return err_sys(e, "replace '%s'", name);
	return 0;
}

static int write_file(struct extract *x, int at, const char *name,
		      const struct tar_entry *t, struct err *e)
{
	autoclose int fd = openat(
		at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	const void *p;
	uint64_t offset;
	size_t n;
	int r;

	if (fd < 0)
		return err_sys(e, "make '%s'", name);
	while ((r = tar_data(x->tar, &p, &n, &offset, e)) > 0) {
		if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
			return err_sys(e, "write '%s'", name);
		int w = fd_write_all(fd, p, n);
		if (w < 0)
			return err_code(e, w, "write '%s'", name);
		*x->bytes += n;
	}
	if (r == 0 && ftruncate(fd, (off_t)t->size))
		return err_sys(e, "write '%s'", name);
	return r < 0 ? r : dress(x, fd, t, e);
}

static int make_link(const struct extract *x, int at, const char *name,
		     const struct tar_entry *t, struct err *e)
{
	autofree char *target = NULL;
	int r = rename_entry(x, t->link, &target, e);

	if (r < 0)
		return r;
	autoclose int dir = open_parent(x, target, e);
	if (dir < 0)
		return dir;
	return linkat(dir, path_base(target), at, name, 0)
		       ? err_sys(e, "link '%s' to '%s'", name, target)
		       : 0;
}

static int make_other(const struct extract *x, int at, const char *name,
		      const struct tar_entry *t, struct err *e)
{
	int r;

	if (t->type == TAR_DIR)
		r = mkdirat(at, name, 0700);
	else if (t->type == TAR_SYMLINK)
		r = symlinkat(t->link, at, name);
	else if (t->type == TAR_FIFO)
		r = mknodat(at, name, S_IFIFO | 0600, 0);
	else
		return err_set(e, -EPERM, "'%s' is a device node: making one needs root",
			       t->path);
	if (r)
		return err_sys(e, "make '%s'", name);
	autoclose int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", name) : dress(x, fd, t, e);
}

static void remember(struct extract *x, const char *path, int64_t mtime)
{
	x->folders = mem_resize(x->folders, x->folders_len + 1, sizeof(*x->folders));
	x->folders[x->folders_len++] = (struct folder){ str_dup(path), mtime };
}

static int add(struct extract *x, const struct tar_entry *t, struct err *e)
{
	autofree char *path = NULL;
	bool there;
	int r = rename_entry(x, t->path, &path, e);

	if (r < 0 || str_empty(path))
		return r; /* the folder itself is as it is */
	autoclose int at = open_parent(x, path, e);
	if (at < 0)
		return at;
	const char *name = path_base(path);
	if ((r = check_there(at, name, t, &there, e)) < 0)
		return r;
	if (t->type == TAR_DIR)
		remember(x, path, t->mtime);
	if (there)
		return 0;
	if (t->type == TAR_FILE)
		return write_file(x, at, name, t, e);
	return t->type == TAR_HARDLINK ? make_link(x, at, name, t, e)
				       : make_other(x, at, name, t, e);
}

static void set_times(const struct extract *x)
{
	for (size_t i = x->folders_len; i > 0; i--) {
		const struct folder *f = &x->folders[i - 1];
		struct timespec times[2] = {
			{ .tv_nsec = UTIME_NOW },
			{ .tv_sec = f->mtime / 1000000000 },
		};
		autoclose int fd =
			path_open_beneath(x->dirfd, f->path, O_RDONLY | O_DIRECTORY, 0);
		if (fd >= 0)
			futimens(fd, times);
	}
}

static int begin(struct extract *x, const struct tar_entry *t, struct err *e)
{
	int r = clean(t->path, &x->first, e);

	if (r < 0 || !x->t->place)
		return r;
	return x->t->place(x->t->arg, t->type == TAR_DIR, &x->dirfd, &x->name, e);
}

int tarin_extract(const struct tarin *t, tar_read_fn *read, void *arg,
		  uint64_t *ret_bytes, struct err *e)
{
	autodone(extract_done) struct extract x = { .t = t,
						    .tar = tar_reader_new(read, arg),
						    .dirfd = t->place ? -1 : t->dirfd,
						    .bytes = ret_bytes };
	struct tar_entry entry;
	int r;

	while ((r = tar_next(x.tar, &entry, e)) > 0) {
		if (!x.first && (r = begin(&x, &entry, e)) < 0)
			return r;
		if ((r = add(&x, &entry, e)) < 0)
			return r;
	}
	if (r == 0)
		set_times(&x);
	return r < 0 ? r : tar_drain(x.tar, e);
}
