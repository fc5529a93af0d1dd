/* SPDX-License-Identifier: Apache-2.0 */
/* A mount namespace of one's own. */
#include "core/runtime/parting.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/ns/mount.h"

/* The mount that holds root: up from its folder to where something is mounted. */
static int part_one(const char *root, struct err *e)
{
	struct mount_change private = { .propagation = MS_PRIVATE };
	autofree char *path = path_clean(root);

	for (;;) {
		autoclose int fd = open(path, O_PATH | O_CLOEXEC);
		autofree char *below = path;
		int r = fd < 0 ? -errno : mount_change(fd, &private);

		path = path_dir(below);
		if (r == 0)
			return 0;
		if (r != -EINVAL || str_eq(below, "/"))
			return err_code(e, r, "part '%s' from its peers", below);
	}
}

int parting_mounts(const char *root, const char *propagation, struct err *e)
{
	struct mount_change slave = { .propagation = MS_SLAVE, .recursive = true };
	autoclose int top = -1;
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace");
	/* What the container mounts in a shared volume is to be seen outside. */
	if (str_eq(propagation, "shared") || str_eq(propagation, "rshared"))
		return part_one(root, e);
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = top < 0 ? -errno : mount_change(top, &slave);
	return r < 0 ? err_code(e, r, "part the mounts from the caller's") : 0;
}
