/* SPDX-License-Identifier: Apache-2.0 */
/* ID-mapped mounts (mount_setattr(2), MOUNT_ATTR_IDMAP): the owners of a mount's files
 * show as others. The kernel lets root of the user namespace do it that mounted the file
 * system: a container's root may for what it mounted itself, not for the host's disks. */
#ifndef RUNTIME_IDMAPPED_H
#define RUNTIME_IDMAPPED_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

enum idmapped { IDMAPPED_NOT, IDMAPPED_ONE, IDMAPPED_TREE };

/* "idmap" and "ridmap" set *ret; false: another option. */
bool idmapped_option(const char *opt, enum idmapped *ret);
/* Its maps alone mean IDMAPPED_ONE too; -EOPNOTSUPP for other kinds than binds, tmpfs. */
int idmapped_check(const struct rt_mount *m, bool bind, enum idmapped *how,
		   struct err *e);
/* fd: a detached mount. The maps are those of m, or without any those of the user
 * namespace of the process init (pidfd). */
int idmapped_apply(int fd, const struct rt_mount *m, int init, enum idmapped how,
		   struct err *e);

#endif
