/* SPDX-License-Identifier: Apache-2.0 */
/* The control group of an OCI container, where linux.cgroupsPath says: a folder in a part
 * of the tree that is the user's, or a scope of systemd's user manager. */
#ifndef RUNTIME_OCIGROUP_H
#define RUNTIME_OCIGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/wire/json.h"

struct ocigroup_want {
	const char
		*path; /* cgroupsPath: of the file system, or "slice:prefix:name"; NULL */
	const char *id;
	bool systemd;              /* path is of the second form */
	const struct strv *limits; /* "memory.max=1048576" … */
};

/* What can be had: "/a/b" or "SLICE:NAME", malloc'd, for ocigroup_enter; NULL when
 * nothing can, for the reason *why (static). -EINVAL: path is malformed. */
int ocigroup_plan(const struct ocigroup_want *w, char **ret, const char **why,
		  struct err *e);
/* Moves the calling process, and what it will fork, there, with the limits of
 * linux.resources (or NULL). plan "": stays where it is. */
int ocigroup_enter(const char *plan, yyjson_val *resources, struct err *e);
/* The same into that of a container, by the path its first process is in. */
int ocigroup_join(const char *path, struct err *e);
/* Other limits: all of them, or none. */
int ocigroup_change(const char *path, const struct strv *limits, struct err *e);
/* After the last process has gone. */
void ocigroup_remove(const char *path);

#endif
