/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts by descriptor: the mount API of Linux 5.2 (fsopen, open_tree, move_mount) and
 * mount_setattr (5.12) with its older equivalent. Users include <linux/mount.h> for
 * MOUNT_ATTR_* and MS_* (never <sys/mount.h>: the two clash on glibc). */
#ifndef NS_MOUNT_H
#define NS_MOUNT_H

#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"

struct mount_fs {
	const char *type;
	const char *source;        /* NULL: the type */
	const struct strv *params; /* "key=value" or "flag"; NULL: none */
	uint64_t attr;             /* MOUNT_ATTR_* */
};

/* A new file system, mounted nowhere yet: descriptor of its root. The kernel's own words
 * are in the sentence. */
int mount_fs(const struct mount_fs *m, struct err *e);
/* A detached copy of what is mounted at dirfd/path (path "": dirfd itself). */
int mount_clone(int dirfd, const char *path, bool recursive);
/* Puts a detached (or attached) mount over target. 0 or -errno. */
int mount_move(int fd, int target);
/* Sets and clears MOUNT_ATTR_* and propagation (MS_PRIVATE, …; 0: as it is) of the mount
 * whose root fd is. Where mount_setattr is missing: only when fd is attached, and not
 * recursively. 0 or -errno. */
struct mount_change {
	uint64_t set, clear;
	uint64_t propagation;
	bool recursive;
};
int mount_change(int fd, const struct mount_change *c);
/* Maps the owners of a detached mount's files by the maps of a user namespace. */
int mount_idmap(int fd, int userns, bool recursive);
/* The root of the calling process's mount namespace becomes the tree at fd, an attached
 * mount; the old one is let go. Leaves the working directory at the new root. */
int mount_pivot(int fd, struct err *e);
/* For a root on the first ramdisk, which cannot be pivoted from: the tree is mounted over
 * the old root, and the caller moves in; others do so by chdir("/..") and chroot("."). */
int mount_cover(int fd, struct err *e);
/* mount(2) with an option page, for what the new interface of an old kernel cannot say.
 */
int mount_old(const char *type, const char *target, const char *options);
/* One fstab-style option: adds to c (or to propagation) and returns true when it is one
 * of the mount itself ("ro", "nosuid", "rprivate", …), false when it belongs to the file
 * system. "bind"/"rbind" are options of neither: they set *ret_bind. */
enum mount_bind { MOUNT_NO_BIND, MOUNT_BIND, MOUNT_RBIND };
bool mount_option(const char *opt, struct mount_change *c, enum mount_bind *ret_bind);

#endif
