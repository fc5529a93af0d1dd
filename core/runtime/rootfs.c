/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system: overlay of the image's layers, or a folder. */
#include "core/runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/clone.h"
#include "core/ns/mount.h"

#define NO_ROOT          255 /* exit code */
#define LAYERS_MAX       500
#define PARAM_VALUE_MAX  255  /* of fsconfig(2) */
#define OPTIONS_PAGE_MAX 4095 /* of mount(2) */
#define MOUNTS_MAX       (1u << 20)

static int open_folder(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Short names for long paths: a descriptor's. The descriptors live until mounted. */
struct handles {
	int fds[LAYERS_MAX];
	size_t len;
};

static void handles_close(struct handles *h)
{
	for (size_t i = 0; i < h->len; i++)
		fd_close(h->fds[i]);
}

/* Path as it is when it fits max bytes, else by descriptor. */
static char *fitting(struct handles *h, const char *path, size_t max)
{
	int fd;

	if (strlen(path) <= max || h->len == LAYERS_MAX)
		return str_dup(path);
	fd = open_folder(path);
	if (fd < 0)
		return str_dup(path);
	h->fds[h->len++] = fd;
	return str_fmt("/proc/self/fd/%d", fd);
}

/* Options that every style has. */
static void add_common(const struct rootfs *r, struct handles *h, struct strv *params)
{
	if (r->upper) {
		autofree char *upper = fitting(h, r->upper, PARAM_VALUE_MAX);
		autofree char *work = fitting(h, r->work, PARAM_VALUE_MAX);

		strv_addf(params, "upperdir=%s", upper);
		strv_addf(params, "workdir=%s", work);
	}
	/* Whiteouts and opaque marks in user.* attributes: trusted.* needs real root. */
	strv_add(params, "userxattr");
}

static int by_list(const struct rootfs *r, struct handles *h, struct err *e)
{
	autostrv params = { 0 };
	struct mount_fs m = { .type = "overlay", .params = &params };

	for (size_t i = 0; i < r->layers->len; i++) {
		autofree char *path = fitting(h, r->layers->v[i], PARAM_VALUE_MAX);

		strv_addf(&params, "lowerdir+=%s", path);
	}
	for (size_t i = 0; r->data && i < r->data->len; i++) {
		autofree char *path = fitting(h, r->data->v[i], PARAM_VALUE_MAX);

		strv_addf(&params, "datadir+=%s", path);
	}
	add_common(r, h, &params);
	return mount_fs(&m, e);
}

/* "a:b" with what would end a name escaped. by_fd: as descriptors, which are short. */
static void lower_string(const struct rootfs *r, struct handles *h, bool by_fd,
			 struct buf *out)
{
	for (size_t i = 0; i < r->layers->len; i++) {
		autofree char *path = fitting(h, r->layers->v[i], by_fd ? 0 : SIZE_MAX);

		if (i > 0)
			buf_addc(out, ':');
		for (const char *p = path; *p; p++) {
			if (*p == ':' || *p == '\\' || *p == ',')
				buf_addc(out, '\\');
			buf_addc(out, *p);
		}
	}
}

static int by_string(const struct rootfs *r, struct handles *h, struct err *e)
{
	autostrv params = { 0 };
	struct mount_fs m = { .type = "overlay", .params = &params };
	autobuf lower = { 0 };

	lower_string(r, h, false, &lower);
	if (lower.len > PARAM_VALUE_MAX)
		return err_set(e, -ENAMETOOLONG,
			       "mount 'overlay': the layers' paths are too long");
	strv_addf(&params, "lowerdir=%s", buf_str(&lower));
	add_common(r, h, &params);
	return mount_fs(&m, e);
}

static int part_of(int root, const char *subpath, struct err *e)
{
	autoclose int at = path_open_in(root, subpath, O_PATH, 0);
	int fd = at < 0 ? at : mount_clone(at, "", false);

	if (at >= 0 && fd == -EINVAL)
		return err_set(e, fd,
			       "mount '%s' of the layers: a part of them alone needs "
			       "Linux 6.15",
			       subpath);
	return fd < 0 ? err_code(e, fd, "mount '%s' of the layers", subpath) : fd;
}

int rootfs_overlay(const struct rootfs *r, const char *subpath, struct err *e)
{
	autodone(handles_close) struct handles h = { 0 };

	if (r->layers->len > LAYERS_MAX / 2)
		return err_set(e, -E2BIG, "%zu layers are more than %d", r->layers->len,
			       LAYERS_MAX / 2);
	autoclose int fd = by_list(r, &h, e);
	if (fd == -EINVAL) { /* no "lowerdir+" in this kernel */
		err_clear(e);
		fd = by_string(r, &h, e);
	}
	return fd < 0 || !subpath ? TAKE_FD(fd) : part_of(fd, subpath, e);
}

/* Mounts straight on target, as there is nothing detached in mount(2). */
static int by_page(const struct rootfs *r, struct handles *h, const char *target,
		   struct err *e)
{
	autostrv common = { 0 };
	autofree char *rest = NULL;
	autobuf page = { 0 };
	int code;

	buf_adds(&page, "lowerdir=");
	lower_string(r, h, true, &page);
	add_common(r, h, &common);
	rest = strv_join(&common, ",");
	buf_addf(&page, ",%s", rest);
	if (page.len > OPTIONS_PAGE_MAX)
		return err_set(e, -E2BIG,
			       "mount 'overlay': %zu layers are too many for this kernel",
			       r->layers->len);
	code = mount_old("overlay", target, buf_str(&page));
	if (code < 0)
		return err_code(e, code, "mount 'overlay'");
	code = open_folder(target);
	return code < 0 ? err_code(e, code, "open '%s'", target) : code;
}

/* Where the tree is hung up until it becomes the root: over the container's own upper
 * folder, which overlay has open already. Not over the container's folder: files in it
 * are bound into the tree afterwards. */
static char *hook(const struct rootfs *r)
{
	return str_dup(r->layers->len && r->upper ? r->upper : r->folder);
}

static int attach(int fd, const char *target, struct err *e)
{
	autoclose int mount = fd, at = open_folder(target);
	int code = at < 0 ? at : mount_move(mount, at);

	return code < 0 ? err_code(e, code, "mount the root on '%s'", target)
			: TAKE_FD(mount);
}

int rootfs_attach_by(const struct rootfs *r, enum rootfs_style style, struct err *e)
{
	autodone(handles_close) struct handles h = { 0 };
	autofree char *target = hook(r);
	int fd;

	if (r->layers->len > LAYERS_MAX / 2)
		return err_set(e, -E2BIG, "%zu layers are more than %d", r->layers->len,
			       LAYERS_MAX / 2);
	if (style == ROOTFS_PAGE)
		return by_page(r, &h, target, e);
	fd = style == ROOTFS_LIST ? by_list(r, &h, e) : by_string(r, &h, e);
	return fd < 0 ? fd : attach(fd, target, e);
}

static int attach_folder(const struct rootfs *r, struct err *e)
{
	struct mount_change private = { .propagation = MS_PRIVATE, .recursive = true };
	int fd = mount_clone(AT_FDCWD, r->folder, true);
	int code;

	if (fd < 0)
		return err_code(e, fd, "bind '%s'", r->folder);
	fd = attach(fd, r->folder, e);
	if (fd < 0)
		return fd;
	code = mount_change(fd, &private);
	if (code < 0) {
		fd_close(fd);
		return err_code(e, code, "make '%s' private", r->folder);
	}
	return fd;
}

pid_t rootfs_begin(const struct rootfs *r)
{
	autodone(handles_close) struct handles h = { 0 };
	pid_t pid;
	int fd;

	if (r->layers->len == 0 || r->layers->len > LAYERS_MAX / 2)
		return 0;
	pid = clone_fork(CLONE_FILES);
	if (pid != 0)
		return pid < 0 ? 0 : pid;
	fd = by_list(r, &h, NULL);
	handles_close(&h);
	/* The descriptor is the parent's as well: its number is all there is to tell. */
	_exit(fd >= 0 && fd < NO_ROOT ? fd : NO_ROOT);
}

/* What rootfs_begin's process has made, or -1: then it is done again, for the error. */
static int collect(pid_t begun)
{
	int status;

	if (begun <= 0)
		return -1;
	while (waitpid(begun, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) != NO_ROOT ? WEXITSTATUS(status)
								   : -1;
}

/* The first mount below the folder, as the kernel writes it. */
static bool find_below(const char *folder, char *ret, size_t size)
{
	autobuf text = { .max = MOUNTS_MAX };
	autostrv lines = { 0 };
	autoclose int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t n = str_eq(folder, "/") ? 0 : strlen(folder);

	if (fd < 0 || file_read_fd(fd, MOUNTS_MAX, &text) < 0)
		return false;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.len; i++) {
		autostrv f = { 0 };

		strv_split(&f, lines.v[i], ' ');
		if (f.len > 4 && strncmp(f.v[4], folder, n) == 0 && f.v[4][n] == '/' &&
		    f.v[4][n + 1] && str_copy(ret, size, f.v[4]) == 0)
			return true;
	}
	return false;
}

/* A user's mount namespace may not show what lies under the mounts that it was given, so
 * a folder with one below it is no layer. Layers of our own have none. */
static int explain(const struct rootfs *r, int code, struct err *e)
{
	char below[256];

	for (size_t i = 0; code == -EINVAL && i < r->layers->len; i++)
		if (find_below(r->layers->v[i], below, sizeof(below)))
			return err_set(
				e, code,
				"overlay '%s': '%s' is mounted below it, and the kernel "
				"overlays no folder with mounts below for a user: take a "
				"folder without, a copy of it, or the folder as it is "
				"(without ':O', with --read-only if nothing is to "
				"change)",
				r->layers->v[i], below);
	return code;
}

int rootfs_attach(const struct rootfs *r, pid_t begun, struct err *e)
{
	autofree char *target = hook(r);
	struct err later = { 0 };
	int fd = collect(begun);

	if (fd >= 0)
		return attach(fd, target, e);
	if (r->layers->len == 0)
		return attach_folder(r, e);
	fd = rootfs_attach_by(r, ROOTFS_LIST, e);
	/* -EINVAL: this kernel has no "lowerdir+" (or the mount is wrong in itself, which
	 * the other ways then say as well: the first sentence is kept). */
	if (!r->data && (fd == -EINVAL || fd == -ENOSYS || fd == -EOPNOTSUPP)) {
		int code = fd;

		fd = rootfs_attach_by(r, ROOTFS_STRING, &later);
		if (fd < 0)
			fd = rootfs_attach_by(r, ROOTFS_PAGE, &later);
		if (fd < 0)
			return explain(r, code, e);
		err_clear(e);
	}
	return fd;
}
