/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts by descriptor. */
#include "core/ns/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"

/* musl's headers may be older than the kernel's numbers; all architectures share these.
 */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#define SYS_fsopen   430
#define SYS_fsconfig 431
#define SYS_fsmount  432
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#define FSCONFIG_VALUE_MAX 255 /* the kernel's limit of one string */

/* --- new file systems ----------------------------------------------------------------
 */

/* The kernel's last complaint about this context: "e overlay: …". */
static const char *complaint(int fs, char *dst, size_t size)
{
	ssize_t n = read(fs, dst, size - 1);

	if (n <= 0)
		return NULL;
	while (n > 0 && dst[n - 1] == '\n')
		n--;
	dst[n] = 0;
	return n > 2 && dst[1] == ' ' ? dst + 2 : dst;
}

static int refuse(int fs, const struct mount_fs *m, const char *param, struct err *e)
{
	int code = -errno;
	char text[256];
	const char *why = complaint(fs, text, sizeof(text));

	if (why)
		return err_set(e, code, "mount '%s': %s", m->type, why);
	return err_code(e, code, "mount '%s'%s%s%s", m->type, param ? " with '" : "",
			param ? param : "", param ? "'" : "");
}

static int set_param(int fs, const char *param)
{
	const char *eq = strchr(param, '=');
	autofree char *key = eq ? str_ndup(param, (size_t)(eq - param)) : NULL;

	if (!eq)
		return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, param, NULL, 0);
	if (strlen(eq + 1) > FSCONFIG_VALUE_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, eq + 1, 0);
}

int mount_fs(const struct mount_fs *m, struct err *e)
{
	autoclose int fs = (int)syscall(SYS_fsopen, m->type, FSOPEN_CLOEXEC);
	const char *source = m->source ? m->source : m->type;
	int fd;

	if (fs < 0)
		return err_sys(e, "open file system '%s'", m->type);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return refuse(fs, m, NULL, e);
	for (size_t i = 0; m->params && i < m->params->len; i++) {
		if (set_param(fs, m->params->v[i]) < 0)
			return refuse(fs, m, m->params->v[i], e);
	}
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return refuse(fs, m, NULL, e);
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned)m->attr);
	if (fd < 0)
		return refuse(fs, m, NULL, e);
	return fd;
}

int mount_old(const char *type, const char *target, const char *options)
{
	return syscall(SYS_mount, type, target, type, 0UL, options) < 0 ? -errno : 0;
}

/* --- trees ---------------------------------------------------------------------------
 */

int mount_clone(int dirfd, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	long fd;

	if (!*path)
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= AT_RECURSIVE;
	fd = syscall(SYS_open_tree, dirfd, path, flags);
	return fd < 0 ? -errno : (int)fd;
}

int mount_move(int fd, int target)
{
	long r = syscall(SYS_move_mount, fd, "", target, "",
			 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);

	return r < 0 ? -errno : 0;
}

/* MOUNT_ATTR_* ↔ mount(2)'s flags. */
static const struct {
	uint64_t attr;
	unsigned long flag;
} old_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },
	{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
};

static int change_old(int fd, const struct mount_change *c)
{
	unsigned long flags = MS_REMOUNT | MS_BIND;
	struct statvfs now;
	char path[64];

	/* mount(2) names the whole set of flags: keep what is there (and perhaps locked).
	 * statvfs(2) has those of this table as mount(2) has them, but for strictatime.
	 */
	if (fstatvfs(fd, &now) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(old_flags); i++) {
		uint64_t attr = old_flags[i].attr;

		if ((c->set & attr) ||
		    ((now.f_flag & old_flags[i].flag) && !(c->clear & attr)))
			flags |= old_flags[i].flag;
	}
	str_print(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (c->propagation &&
	    syscall(SYS_mount, NULL, path, NULL,
		    (unsigned long)c->propagation | (c->recursive ? MS_REC : 0),
		    NULL) < 0)
		return -errno;
	if ((c->set | c->clear) && syscall(SYS_mount, NULL, path, NULL, flags, NULL) < 0)
		return -errno;
	return 0;
}

int mount_change(int fd, const struct mount_change *c)
{
	struct mount_attr a = { .attr_set = c->set,
				.attr_clr = c->clear,
				.propagation = c->propagation };
	unsigned flags = AT_EMPTY_PATH | (c->recursive ? AT_RECURSIVE : 0);

	/* The access time modes are one field: to set one, all of it is cleared. */
	if ((c->set | c->clear) & MOUNT_ATTR__ATIME)
		a.attr_clr |= MOUNT_ATTR__ATIME;
	if (syscall(SYS_mount_setattr, fd, "", flags, &a, sizeof(a)) == 0)
		return 0;
	return errno == ENOSYS ? change_old(fd, c) : -errno;
}

int mount_idmap(int fd, int userns, bool recursive)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP,
				.userns_fd = (uint64_t)userns };
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);

	return syscall(SYS_mount_setattr, fd, "", flags, &a, sizeof(a)) < 0 ? -errno : 0;
}

int mount_pivot(int fd, struct err *e)
{
	if (fchdir(fd) < 0)
		return err_sys(e, "enter the new root");
	/* Old and new root on the same place: the old one lies on top, then is let go. */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root");
	if (syscall(SYS_umount2, ".", 2 /* MNT_DETACH */) < 0)
		return err_sys(e, "let go of the old root");
	return chdir("/") < 0 ? err_sys(e, "enter the new root") : 0;
}

int mount_cover(int fd, struct err *e)
{
	autoclose int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root < 0 ? -errno : mount_move(fd, root);

	if (r < 0)
		return err_code(e, r, "mount the new root over the old one");
	if (fchdir(fd) < 0 || chroot(".") < 0)
		return err_sys(e, "enter the new root");
	return 0;
}

/* --- options -------------------------------------------------------------------------
 */

static const struct {
	const char *name;
	uint64_t set, clear, propagation;
	bool recursive;
} options[] = {
	{ "ro", MOUNT_ATTR_RDONLY, 0, 0, false },
	{ "rro", MOUNT_ATTR_RDONLY, 0, 0, true },
	{ "rw", 0, MOUNT_ATTR_RDONLY, 0, false },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0, 0, false },
	{ "suid", 0, MOUNT_ATTR_NOSUID, 0, false },
	{ "nodev", MOUNT_ATTR_NODEV, 0, 0, false },
	{ "dev", 0, MOUNT_ATTR_NODEV, 0, false },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0, 0, false },
	{ "exec", 0, MOUNT_ATTR_NOEXEC, 0, false },
	{ "noatime", MOUNT_ATTR_NOATIME, 0, 0, false },
	{ "relatime", 0, MOUNT_ATTR__ATIME, 0, false },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, 0, 0, false },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, false },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME, 0, false },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, false },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, false },
	{ "atime", 0, MOUNT_ATTR_NOATIME, 0, false },
	{ "norelatime", MOUNT_ATTR_STRICTATIME, 0, 0, false },
	{ "nostrictatime", 0, MOUNT_ATTR__ATIME, 0, false },
	{ "rrw", 0, MOUNT_ATTR_RDONLY, 0, true },
	{ "rnosuid", MOUNT_ATTR_NOSUID, 0, 0, true },
	{ "rsuid", 0, MOUNT_ATTR_NOSUID, 0, true },
	{ "rnodev", MOUNT_ATTR_NODEV, 0, 0, true },
	{ "rdev", 0, MOUNT_ATTR_NODEV, 0, true },
	{ "rnoexec", MOUNT_ATTR_NOEXEC, 0, 0, true },
	{ "rexec", 0, MOUNT_ATTR_NOEXEC, 0, true },
	{ "rnoatime", MOUNT_ATTR_NOATIME, 0, 0, true },
	{ "ratime", 0, MOUNT_ATTR_NOATIME, 0, true },
	{ "rrelatime", 0, MOUNT_ATTR__ATIME, 0, true },
	{ "rnorelatime", MOUNT_ATTR_STRICTATIME, 0, 0, true },
	{ "rstrictatime", MOUNT_ATTR_STRICTATIME, 0, 0, true },
	{ "rnostrictatime", 0, MOUNT_ATTR__ATIME, 0, true },
	{ "rnodiratime", MOUNT_ATTR_NODIRATIME, 0, 0, true },
	{ "rdiratime", 0, MOUNT_ATTR_NODIRATIME, 0, true },
	{ "rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, 0, true },
	{ "rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, true },
	{ "defaults", 0, 0, 0, false },
	{ "private", 0, 0, MS_PRIVATE, false },
	{ "rprivate", 0, 0, MS_PRIVATE, true },
	{ "slave", 0, 0, MS_SLAVE, false },
	{ "rslave", 0, 0, MS_SLAVE, true },
	{ "shared", 0, 0, MS_SHARED, false },
	{ "rshared", 0, 0, MS_SHARED, true },
	{ "unbindable", 0, 0, MS_UNBINDABLE, false },
	{ "runbindable", 0, 0, MS_UNBINDABLE, true },
};

bool mount_option(const char *opt, struct mount_change *c, enum mount_bind *ret_bind)
{
	if (str_eq(opt, "bind") || str_eq(opt, "rbind")) {
		*ret_bind = *opt == 'r' ? MOUNT_RBIND : MOUNT_BIND;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!str_eq(opt, options[i].name))
			continue;
		c->set = (c->set & ~options[i].clear) | options[i].set;
		c->clear = (c->clear & ~options[i].set) | options[i].clear;
		if (options[i].propagation)
			c->propagation = options[i].propagation;
		c->recursive |= options[i].recursive;
		return true;
	}
	return false;
}
