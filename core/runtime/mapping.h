/* SPDX-License-Identifier: Apache-2.0 */
/* The ID maps of a container's user namespace, nested in the caller's. */
#ifndef RUNTIME_MAPPING_H
#define RUNTIME_MAPPING_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/oci/runtimeconfig.h"

/* file: "uid_map" or "gid_map". */
/* Container → caller, of config.json's entries (none: every ID as it is), cut so that the
 * kernel takes it. */
int mapping_fit(const char *file, const struct rt_idmap *v, size_t n, struct idmap *ret,
		struct err *e);
/* The entries alone. */
void mapping_from_config(const struct rt_idmap *v, size_t n, struct idmap *ret);
/* pid 0: the caller. */
int mapping_read(pid_t pid, const char *file, struct idmap *ret, struct err *e);
/* The caller's user ID outside its user namespace: what the host's systemd knows it by,
 * also when it is root of a namespace right below the host's. */
uid_t mapping_outer_uid(void);
/* As root of the user namespace above. */
int mapping_write(pid_t pid, const char *file, const struct idmap *m, struct err *e);

#endif
