/* SPDX-License-Identifier: Apache-2.0 */
/* Work in the namespaces of a container's init, with the realm's power. */
#ifndef RUNTIME_INSIDE_H
#define RUNTIME_INSIDE_H

#include <sys/types.h>

#include "core/base/err.h"

/* Runs fn(arg) in a short-lived child that shares this process's memory and descriptors
 * but is in the PID, network, IPC, UTS and cgroup namespaces of init (so far as own, bits
 * of enum rt_namespace, says). What fn returns. The caller has joined init's PID
 * namespace for its children. */
int inside_run(int init_pidfd, unsigned own, int (*fn)(void *arg, struct err *e),
	       void *arg, struct err *e);
/* The mount of a folder as that process sees it, detached: fd or -errno. The realm has
 * power over the process. */
int inside_clone(pid_t pid, const char *path);

#endif
