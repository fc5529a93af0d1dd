/* SPDX-License-Identifier: Apache-2.0 */
/* /dev of a container. */
#include "core/runtime/device.h"

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
#include "core/runtime/mounting.h"

#define NODE_DIR       0755
#define HOST_DEPTH_MAX 4

static const struct rt_device defaults[] = {
	{ .path = (char *)"/dev/null", .type = 'c', .major = 1, .minor = 3 },
	{ .path = (char *)"/dev/zero", .type = 'c', .major = 1, .minor = 5 },
	{ .path = (char *)"/dev/full", .type = 'c', .major = 1, .minor = 7 },
	{ .path = (char *)"/dev/random", .type = 'c', .major = 1, .minor = 8 },
	{ .path = (char *)"/dev/urandom", .type = 'c', .major = 1, .minor = 9 },
	{ .path = (char *)"/dev/tty", .type = 'c', .major = 5, .minor = 0 },
};

static const struct {
	const char *name, *to;
} links[] = {
	{ "ptmx", "pts/ptmx" },          { "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },  { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" }, { "core", "/proc/kcore" },
};

/* An empty file in dir to mount on; O_PATH fd. A link or what else an image left there
 * goes. */
static int node_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, name, 0) == 0)
		fd = openat(dir, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	fd_close(fd);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int cover(int dir, const char *name, int tree)
{
	struct mount_change c = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
				  .propagation = MS_PRIVATE };
	autoclose int file = node_file(dir, name);
	int r;

	if (file < 0)
		return file;
	r = mount_move(tree, file);
	return r < 0 ? r : mount_change(tree, &c);
}

static bool is_node(int fd, const struct rt_device *d)
{
	struct stat st;
	mode_t type = d->type == 'b' ? S_IFBLK : S_IFCHR;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       st.st_rdev == makedev((unsigned)d->major, (unsigned)d->minor);
}

/* --- the host's ----------------------------------------------------------------------
 */

struct walk {
	int dev;                        /* container's */
	const struct rt_device *wanted; /* this one alone; NULL: all */
	int found;                      /* a detached copy of it */
	char path[256];                 /* of the host's folder */
};

static void add_host_node(const struct walk *w, const char *path);

static void visit(struct walk *w, const char *name, const struct stat *st)
{
	autofree char *path = path_join(w->path, name);
	mode_t type = w->wanted && w->wanted->type == 'b' ? S_IFBLK : S_IFCHR;

	if (!w->wanted)
		add_host_node(w, path);
	else if (w->found < 0 && (st->st_mode & S_IFMT) == type &&
		 st->st_rdev ==
			 makedev((unsigned)w->wanted->major, (unsigned)w->wanted->minor))
		w->found = mount_clone(AT_FDCWD, path, false);
}

static void walk_host(struct walk *w, int depth)
{
	static const char *const own[] = { ".", "..", "pts", "shm", "mqueue", "fd" };
	size_t len = strlen(w->path);
	DIR *d = depth < HOST_DEPTH_MAX ? opendir(w->path) : NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		bool skip = false;
		struct stat st;

		for (size_t i = 0; i < ARRAY_LEN(own); i++)
			skip |= str_eq(entry->d_name, own[i]);
		if (skip ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			visit(w, entry->d_name, &st);
		if (!S_ISDIR(st.st_mode) ||
		    str_print(w->path + len, sizeof(w->path) - len, "/%s",
			      entry->d_name) < 0)
			continue;
		walk_host(w, depth + 1);
		w->path[len] = 0;
	}
	if (d)
		closedir(d);
}

/* --- one -----------------------------------------------------------------------------
 */

/* A detached copy of the host's node with that number. */
static int host_node(const struct rt_device *d)
{
	struct walk w = { .path = "/dev", .wanted = d, .found = -1 };
	char by_number[64];
	int fd = mount_clone(AT_FDCWD, d->path, false);

	if (fd >= 0 && is_node(fd, d))
		return fd;
	fd_close(fd);
	/* It may have another name in the container: udev keeps an index. */
	str_print(by_number, sizeof(by_number), "/dev/%s/%lld:%lld",
		  d->type == 'b' ? "block" : "char", (long long)d->major,
		  (long long)d->minor);
	fd = mount_clone(AT_FDCWD, by_number, false);
	if (fd >= 0 && is_node(fd, d))
		return fd;
	fd_close(fd);
	walk_host(&w, 0);
	return w.found < 0 ? -ENODEV : w.found;
}

/* Is that very node there already, by a mount of config.json's? */
static bool is_there(int dir, const char *name, const struct rt_device *d)
{
	autoclose int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && is_node(fd, d);
}

static int add_in(int dir, const char *name, const struct rt_device *d, struct err *e)
{
	autoclose int tree = -1;
	int r;

	if (is_there(dir, name, d))
		return 0;
	tree = host_node(d);
	r = tree < 0 ? tree : cover(dir, name, tree);
	return r < 0 ? err_code(e, r, "device '%s' (%c %lld:%lld)", d->path, d->type,
				(long long)d->major, (long long)d->minor)
		     : 0;
}

static bool is_default(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		if (str_eq(path, defaults[i].path))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (str_starts(path, "/dev/") && str_eq(path + 5, links[i].name))
			return true;
	}
	return str_eq(path, "/dev/console");
}

static int add_extra(const struct device *d, const struct rt_device *x, struct err *e)
{
	autofree char *path = path_clean(x->path);
	autofree char *folder = path_dir(path);
	autoclose int dir = -1;

	if (is_default(path))
		return 0;
	if (x->type != 'c' && x->type != 'u' && x->type != 'b')
		return err_set(e, -EINVAL,
			       "device '%s': type '%c' cannot be had without root",
			       x->path, x->type);
	dir = mounting_target(d->root, folder, true, e);
	return dir < 0 ? dir : add_in(dir, path_base(path), x, e);
}

/* --- --privileged --------------------------------------------------------------------
 */

static void add_host_node(const struct walk *w, const char *path)
{
	autofree char *folder = path_dir(path + strlen("/dev/"));
	autoclose int tree = -1, dir = -1;

	/* What cannot be opened by this user cannot be used inside either. */
	if (is_default(path) || access(path, R_OK | W_OK) < 0)
		return;
	tree = mount_clone(AT_FDCWD, path, false);
	dir = path_mkdirs_in(w->dev, folder, NODE_DIR, (uid_t)-1, (gid_t)-1);
	/* A node that vanished meanwhile (hot-plug) is no failure. */
	if (tree >= 0 && dir >= 0)
		cover(dir, path_base(path), tree);
}

/* --- all -----------------------------------------------------------------------------
 */

static int add_console(int dir, int slave, struct err *e)
{
	autoclose int tree = mount_clone(slave, "", false);
	int r = tree < 0 ? tree : cover(dir, "console", tree);

	return r < 0 ? err_code(e, r, "make '/dev/console'") : 0;
}

/* Is this the host's own folder, bound? Then all nodes are there already. */
static bool is_hosts(int dir)
{
	struct stat a, b;

	return fstat(dir, &a) == 0 && stat("/dev", &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int device_populate(const struct device *d, struct err *e)
{
	autoclose int dir =
		path_open_beneath(d->root, "dev", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	struct walk w = { .path = "/dev" };
	int r;

	if (dir == -ENOENT)
		dir = mounting_target(d->root, "/dev", true, e);
	if (dir < 0)
		return err_code(e, dir,
				"open '/dev' of the image (it must be a directory)");
	if (is_hosts(dir))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		r = add_in(dir, path_base(defaults[i].path), &defaults[i], e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].to, dir, links[i].name) < 0 && errno != EEXIST)
			return err_sys(e, "make '/dev/%s'", links[i].name);
	}
	if (d->console >= 0) {
		r = add_console(dir, d->console, e);
		if (r < 0)
			return r;
	}
	if (d->host) {
		w.dev = dir;
		walk_host(&w, 0);
	}
	for (size_t i = 0; i < d->extra_len; i++) {
		r = add_extra(d, &d->extra[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}
