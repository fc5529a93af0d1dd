/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups, version 2 (cgroups(7), Documentation/admin-guide/cgroup-v2.rst). */
#ifndef NS_CGROUP_H
#define NS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
/* May the calling user make groups below, and move processes there? */
bool cgroup_is_ours(int group);
/* Has it no process of its own? */
bool cgroup_is_empty(int group);
/* Is word one of those in the group's file of names ("cgroup.controllers")? */
bool cgroup_has(int group, const char *file, const char *word);
/* The group name below, made anew where an empty one was: an O_PATH descriptor, or
 * -errno. */
int cgroup_make(int group, const char *name);
/* The same, but one that is there stays as it is. */
int cgroup_ensure(int group, const char *name);
/* Removes the group name below, with what is below it, when no process is left there. 0
 * or -errno. */
int cgroup_remove(int group, const char *name);
/* Moves a process (0: the caller) there. 0 or -errno; -EACCES also for one that is now in
 * a part of the tree that is not the user's. */
int cgroup_put(int group, pid_t pid);
/* Moves every process of the group to another. 0 or -errno. */
int cgroup_vacate(int group, int to);
/* Gives the groups below a controller ("memory"). 0 or -errno: -ENOENT when the group has
 * none to give, -EBUSY while processes are in it. */
int cgroup_enable(int group, const char *controller);
/* "memory.max=1048576". A value of several lines is written line by line. */
int cgroup_set(int group, const char *assignment, struct err *e);
/* The number behind "key " in the file's lines, or the file's own when key is NULL; "max"
 * is UINT64_MAX. 0 or -errno. */
int cgroup_number(int group, const char *file, const char *key, uint64_t *ret);
/* The same of a text. A pure parser. */
int cgroup_find(const char *text, const char *key, uint64_t *ret);
/* The sum of all "key=number" of a text (io.stat). A pure parser. */
uint64_t cgroup_sum(const char *text, const char *key);
/* Stops or continues every process in it and below. 0 or -errno: -ETIMEDOUT when one
 * hangs in the kernel. */
int cgroup_freeze(int group, bool on);

#endif
