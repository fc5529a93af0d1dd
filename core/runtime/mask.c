/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths. */
#include "core/runtime/mask.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/mount.h"

#define HARMLESS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct mask {
	int root;
	int empty; /* the attached empty folder, -1 until the first one */
	int null;  /* the host's /dev/null */
};

static int open_path(int root, const char *path)
{
	/* A link on the way would let the image choose what gets masked instead. */
	int fd =
		path_open_beneath(root, path + strspn(path, "/"), O_PATH | O_NOFOLLOW, 0);

	return fd == -ENOTDIR || fd == -EACCES || fd == -ELOOP ? -ENOENT : fd;
}

static int new_empty(void)
{
	autostrv params = { 0 };
	struct mount_fs m = { .type = "tmpfs",
			      .params = &params,
			      .attr = MOUNT_ATTR_RDONLY | HARMLESS };

	strv_add(&params, "mode=755");
	strv_add(&params, "size=0");
	strv_add(&params, "nr_inodes=2");
	return mount_fs(&m, NULL);
}

static int cover_folder(struct mask *m, int target)
{
	autoclose int tree = -1;
	int r;

	/* The first is the mount itself; the others are clones of it where it hangs. */
	if (m->empty >= 0) {
		tree = mount_clone(m->empty, "", false);
		return tree < 0 ? tree : mount_move(tree, target);
	}
	tree = new_empty();
	r = tree < 0 ? tree : mount_move(tree, target);
	if (r < 0)
		return r;
	m->empty = TAKE_FD(tree);
	return 0;
}

static int cover_file(struct mask *m, int target)
{
	struct mount_change c = { .set = MOUNT_ATTR_RDONLY | HARMLESS,
				  .propagation = MS_PRIVATE };
	autoclose int tree = mount_clone(m->null, "", false);
	int r = tree < 0 ? tree : mount_move(tree, target);

	c.set &= ~(uint64_t)MOUNT_ATTR_NODEV; /* or reading it would fail, not be empty */
	return r < 0 ? r : mount_change(tree, &c);
}

static int hide_one(struct mask *m, const char *path, struct err *e)
{
	autoclose int fd = open_path(m->root, path);
	struct stat st;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return err_code(e, fd, "open '%s' to mask it", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at '%s'", path);
	r = S_ISDIR(st.st_mode) ? cover_folder(m, fd) : cover_file(m, fd);
	return r < 0 ? err_code(e, r, "mask '%s'", path) : 0;
}

/* "a" + "/ * /" + "b": every folder in a. */
static int hide_any(struct mask *m, const char *path, const char *star, struct err *e)
{
	autofree char *parent = str_ndup(path, (size_t)(star - path));
	int fd = path_open_beneath(m->root, parent + strspn(parent, "/"),
				   O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!d) {
		fd_close(fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(d))) {
		autofree char *one = NULL;

		if (entry->d_name[0] == '.')
			continue;
		one = str_fmt("%s/%s%s", parent, entry->d_name, star + 2);
		r = hide_one(m, one, e);
	}
	closedir(d);
	return r;
}

static int open_null(struct err *e)
{
	int fd = open("/dev/null", O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open '/dev/null'");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		fd_close(fd);
		return err_set(e, -ENODEV, "the host's '/dev/null' is something else");
	}
	return fd;
}

int mask_hide(int root, const struct strv *paths, struct err *e)
{
	autoclose int null = open_null(e);
	struct mask m = { .root = root, .empty = -1, .null = null };
	int r = null < 0 ? null : 0;

	for (size_t i = 0; i < paths->len && r == 0; i++) {
		const char *star = strstr(paths->v[i], "/*");

		r = star ? hide_any(&m, paths->v[i], star, e)
			 : hide_one(&m, paths->v[i], e);
	}
	fd_close(m.empty);
	return r;
}

int mask_readonly(int root, const struct strv *paths, struct err *e)
{
	struct mount_change c = { .set = MOUNT_ATTR_RDONLY, .recursive = true };

	for (size_t i = 0; i < paths->len; i++) {
		autoclose int fd = open_path(root, paths->v[i]), tree = -1;
		int r;

		if (fd == -ENOENT)
			continue;
		tree = fd < 0 ? fd : mount_clone(fd, "", true);
		r = tree < 0 ? tree : mount_move(tree, fd);
		if (r == 0)
			r = mount_change(tree, &c);
		if (r < 0)
			return err_code(e, r, "make '%s' read-only", paths->v[i]);
	}
	return 0;
}
