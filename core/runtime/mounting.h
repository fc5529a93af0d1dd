/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json, put into the root file system on descriptors: no path of the
 * image is resolved outside it. */
#ifndef RUNTIME_MOUNTING_H
#define RUNTIME_MOUNTING_H

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/oci/runtimeconfig.h"

struct mounting {
	int root;                      /* O_PATH of the attached root file system */
	const char *bundle;            /* relative bind sources start here */
	const struct idmap *uid, *gid; /* container → realm */
	int init_pidfd;  /* whose namespaces proc, sysfs, mqueue and cgroup show */
	unsigned own;    /* RT_NS_* of init that are not the host's */
	int *ret_devpts; /* set to the descriptor of the /dev/pts instance */
};

/* One mount. Targets that are missing are made. */
int mounting_add(const struct mounting *m, const struct rt_mount *mount, struct err *e);
/* Runs fn(arg) in a short-lived child that shares this process's memory and descriptors
 * but is in the PID, network, IPC, UTS and cgroup namespaces of init (so far as own
 * says). What fn returns. The caller has joined init's PID namespace for its children. */
int mounting_inside(const struct mounting *m, int (*fn)(void *arg, struct err *e),
		    void *arg, struct err *e);
/* Makes path (a folder, or a file) inside root when missing; O_PATH fd or -errno. */
int mounting_target(int root, const char *path, bool folder, struct err *e);

#endif
