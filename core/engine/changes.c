/* SPDX-License-Identifier: Apache-2.0 */
/* The upper folder against the layers below. */
#include "core/engine/changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/inroot.h"
#include "core/runtime/bundle.h"

#define OUT_MAX (256u << 20)

struct look {
	const struct container *c;
	const struct strv *mounts;
	int lower, upper; /* roots */
	int out;          /* memfd: NUL-terminated lines */
	struct strv lines;
};

int changes_mounts(const struct container *c, struct strv *ret, struct err *e)
{
	autodone(bundle_done) struct bundle b = { 0 };
	int r = bundle_read(c->dirfd, NULL, &b, e);

	for (size_t i = 0; r == 0 && i < b.config.mounts_len; i++) {
		autofree char *path = path_clean(b.config.mounts[i].destination);
		strv_add(ret, path + 1);
	}
	return r;
}

static bool is_whiteout(int at, const char *name, const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == 0;
	if (!S_ISREG(st->st_mode) || st->st_size)
		return false;
	autoclose int fd =
		openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd >= 0 && fgetxattr(fd, "user.overlay.whiteout", NULL, 0) >= 0;
}

static bool is_below(const struct look *l, const char *path)
{
	autoclose int fd = path_open_beneath(l->lower, path, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0;
}

/* Is it the folder of a mount's place? */
static bool leads_to_mount(const struct look *l, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < l->mounts->len; i++)
		if (!strncmp(l->mounts->v[i], path, n) && l->mounts->v[i][n] == '/')
			return true;
	return false;
}

static int names_of(int at, const char *name, struct strv *ret)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		int r = -errno;
		fd_close(fd);
		return r;
	}
	while ((de = readdir(d)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_add(ret, de->d_name);
	closedir(d);
	strv_sort(ret);
	return 0;
}

static int visit(struct look *l, const char *path, struct err *e);

static int visit_one(struct look *l, int at, const char *name, const char *path,
		     struct err *e)
{
	struct stat st;

	if (strv_has(l->mounts, path))
		return 0;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, "look at '%s'", path);
	bool below = is_below(l, path), gone = is_whiteout(at, name, &st);
	if (gone && !below)
		return 0;
	size_t first = l->lines.len;
	strv_addf(&l->lines, "%c /%s", gone ? 'D' : below ? 'C' : 'A', path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	int r = visit(l, path, e);
	if (r == 0 && l->lines.len == first + 1 && leads_to_mount(l, path))
		strv_remove(&l->lines, first);
	return r;
}

static int visit(struct look *l, const char *path, struct err *e)
{
	autoclose int at = path_open_beneath(l->upper, path, O_PATH | O_DIRECTORY, 0);
	autostrv names = { 0 };
	int r = at < 0 ? at : names_of(at, ".", &names);

	if (r < 0)
		return err_code(e, r, "read '/%s'", path);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		autofree char *next =
			*path ? str_fmt("%s/%s", path, names.v[i]) : str_dup(names.v[i]);
		r = visit_one(l, at, names.v[i], next, e);
	}
	return r;
}

static int look(void *arg, int root, struct err *e)
{
	struct look *l = arg;
	autoclose int upper =
		openat(l->c->dirfd, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (upper < 0)
		return err_sys(e, "open the container's upper folder");
	l->lower = root;
	l->upper = upper;
	int r = visit(l, "", e);
	for (size_t i = 0; r == 0 && i < l->lines.len; i++)
		r = fd_write_all(l->out, l->lines.v[i], strlen(l->lines.v[i]) + 1);
	return r;
}

int changes_list(const struct store *s, const struct container *c, struct strv *ret,
		 struct err *e)
{
	autoclose int out = memfd_create("changes", MFD_CLOEXEC);
	autobuf text = { .max = OUT_MAX };
	autostrv mounts = { 0 };
	struct look l = { .c = c, .mounts = &mounts, .out = out };

	if (out < 0)
		return err_sys(e, "make a memory file");
	int r = changes_mounts(c, &mounts, e);
	if (r == 0)
		r = inroot_call(s, c, INROOT_IMAGE, look, &l, e);
	if (r < 0)
		return r;
	if (lseek(out, 0, SEEK_SET) < 0 || (r = file_read_fd(out, OUT_MAX, &text)) < 0)
		return err_code(e, r, "read the changes");
	for (const char *p = buf_str(&text), *end = p + text.len; p < end;
	     p += strlen(p) + 1)
		strv_add(ret, p);
	return 0;
}
