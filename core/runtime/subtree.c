/* SPDX-License-Identifier: Apache-2.0 */
/* Delegated folders. */
#include "core/runtime/subtree.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/ns/cgroup.h"
#include "core/runtime/mapping.h"

#define LEAF  "rootless" /* for the processes that were in the folder */
#define TRIES 100        /* a process may fork while it is moved */

int subtree_open(void)
{
	autoclose int own = -1, above = -1;
	char path[CGROUP_PATH_MAX], unit[32], *slash;

	if (cgroup_of(getpid(), path, sizeof(path)) < 0)
		return -EACCES;
	/* There systemd decides, and we ask it (usermanager.h). */
	str_print(unit, sizeof(unit), "/user@%u.service/", mapping_outer_uid());
	if (strstr(path, unit))
		return -EACCES;
	own = cgroup_open(path);
	slash = strrchr(path, '/');
	if (slash && slash[1]) {
		slash[slash == path] = 0;
		above = cgroup_open(path);
	}
	if (above >= 0 && cgroup_is_ours(above) && cgroup_is_empty(above))
		return TAKE_FD(above);
	return own >= 0 && cgroup_is_ours(own) ? TAKE_FD(own) : -EACCES;
}

int subtree_enable(int base, const char *controller)
{
	autoclose int leaf = -1;
	int r = cgroup_enable(base, controller);

	for (int i = 0; r == -EBUSY && i < TRIES; i++) {
		if (leaf < 0)
			leaf = cgroup_ensure(base, LEAF);
		if (leaf < 0)
			return leaf;
		r = cgroup_vacate(base, leaf);
		if (r == 0)
			r = cgroup_enable(base, controller);
	}
	return r;
}
