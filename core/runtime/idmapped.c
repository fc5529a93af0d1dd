/* SPDX-License-Identifier: Apache-2.0 */
/* ID-mapped mounts. */
#include "core/runtime/idmapped.h"

#include <errno.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/ns/clone.h"
#include "core/ns/mount.h"
#include "core/ns/pidfd.h"
#include "core/runtime/mapping.h"

bool idmapped_option(const char *opt, enum idmapped *ret)
{
	if (str_eq(opt, "idmap"))
		*ret = IDMAPPED_ONE;
	else if (str_eq(opt, "ridmap"))
		*ret = IDMAPPED_TREE;
	else
		return false;
	return true;
}

int idmapped_check(const struct rt_mount *m, bool bind, enum idmapped *how, struct err *e)
{
	if (*how == IDMAPPED_NOT && m->uid_maps_len > 0)
		*how = IDMAPPED_ONE;
	if (*how == IDMAPPED_NOT || bind || str_eq(m->type, "tmpfs"))
		return 0;
	return err_set(e, -EOPNOTSUPP,
		       "mount on '%s': ID maps are for binds and tmpfs, not for '%s'",
		       m->destination, m->type ? m->type : "");
}

static int write_map(pid_t pid, const char *file, const struct rt_idmap *v, size_t n,
		     struct err *e)
{
	autodone(idmap_done) struct idmap map = { 0 };
	int r = mapping_fit(file, v, n, &map, e);

	return r < 0 ? r : mapping_write(pid, file, &map, e);
}

static int open_user(pid_t pid, struct err *e)
{
	autoclose int pidfd = pidfd_open(pid);
	int fd = pidfd < 0 ? pidfd : pidfd_open_ns(pidfd, "user");

	return fd < 0 ? err_code(e, fd, "open a user namespace") : fd;
}

/* A user namespace for its maps alone: nobody is in it. */
static int make_user(const struct rt_mount *m, struct err *e)
{
	pid_t pid = clone_fork(CLONE_NEWUSER);
	int r, fd = -1;

	if (pid == 0) {
		for (;;)
			pause();
	}
	if (pid < 0)
		return err_code(e, pid, "make a user namespace");
	r = write_map(pid, "uid_map", m->uid_maps, m->uid_maps_len, e);
	if (r == 0)
		r = write_map(pid, "gid_map", m->gid_maps, m->gid_maps_len, e);
	if (r == 0)
		fd = open_user(pid, e);
	kill(pid, SIGKILL);
	spawn_wait(pid);
	return r < 0 ? r : fd;
}

static bool is_ours(int user)
{
	struct stat given, own;

	return fstat(user, &given) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       given.st_ino == own.st_ino && given.st_dev == own.st_dev;
}

/* The container's own. */
static int borrow_user(int init, struct err *e)
{
	autoclose int fd = pidfd_open_ns(init, "user");

	if (fd < 0)
		return err_code(e, fd, "open the container's user namespace");
	if (is_ours(fd))
		return err_set(e, -EINVAL,
			       "without maps of its own it takes those of the "
			       "container's user namespace, and there is none");
	return TAKE_FD(fd);
}

int idmapped_apply(int fd, const struct rt_mount *m, int init, enum idmapped how,
		   struct err *e)
{
	autoclose int user = -1;
	int r;

	if (how == IDMAPPED_NOT)
		return 0;
	user = m->uid_maps_len > 0 ? make_user(m, e) : borrow_user(init, e);
	r = user;
	if (r >= 0)
		r = mount_idmap(fd, user, how == IDMAPPED_TREE);
	if (r == -EPERM)
		return err_set(e, r,
			       "ID-mapped mount on '%s': its file system was mounted by "
			       "root of another user namespace, who alone may map it",
			       m->destination);
	if (r == -EINVAL && user >= 0)
		return err_set(e, r,
			       "ID-mapped mount on '%s': its file system or this kernel "
			       "knows no such mounts",
			       m->destination);
	if (r < 0 && user < 0)
		return err_wrap(e, "ID-mapped mount on '%s'", m->destination);
	return r < 0 ? err_code(e, r, "ID-mapped mount on '%s'", m->destination) : 0;
}
