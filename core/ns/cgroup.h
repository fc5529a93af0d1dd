/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups, version 2 (cgroups(7), Documentation/admin-guide/cgroup-v2.rst). */
#ifndef NS_CGROUP_H
#define NS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

#define CGROUP_PATH_MAX 4096

/* Is version 2 the host's only one, at /sys/fs/cgroup? */
bool cgroup_unified(void);
/* The group of a process below /sys/fs/cgroup ("/user.slice/…"), from the text of its
 * /proc/PID/cgroup. -ENOENT: it is in none of version 2; -ENAMETOOLONG. */
int cgroup_parse(const char *text, char *ret, size_t size);
int cgroup_of(pid_t pid, char *ret, size_t size);
/* The folder of such a path: an O_PATH descriptor, or -errno. */
int cgroup_open(const char *path);
/* Is word one of those in the group's file of names ("cgroup.controllers")? */
bool cgroup_has(int group, const char *file, const char *word);
/* Makes the group name below and moves the calling process there. Its descriptor. */
int cgroup_enter(int group, const char *name, struct err *e);
/* Gives the groups below a controller ("memory"). 0 or -errno. */
int cgroup_enable(int group, const char *controller);
/* "memory.max=1048576". */
int cgroup_set(int group, const char *assignment, struct err *e);

#endif
