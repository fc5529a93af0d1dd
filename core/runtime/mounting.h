/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of config.json, put into the root file system on descriptors: no path of the
 * image is resolved outside it. */
#ifndef RUNTIME_MOUNTING_H
#define RUNTIME_MOUNTING_H

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/oci/runtimeconfig.h"

/* An option of binds that is our own: the place in the source that is meant, resolved
 * inside of it (a volume's content is the containers'). */
#define MOUNTING_SUBPATH "rootless.subpath="

/* And another: the source is a folder of the mount namespace of that process (a PID). */
#define MOUNTING_PEER "rootless.peer="

/* A layer of an overlay, one option each, top first: such a mount is made as the kernel
 * at hand can. */
#define MOUNTING_LAYER "lowerdir+="
/* A layer below them that only has content (rootfs.h). */
#define MOUNTING_DATA "datadir+="

struct mounting {
	int root;                      /* O_PATH of the attached root file system */
	const char *bundle;            /* relative bind sources start here */
	const struct idmap *uid, *gid; /* container → realm */
	int init_pidfd;  /* whose namespaces proc, sysfs, mqueue and cgroup show */
	unsigned own;    /* RT_NS_* of init that are not the host's */
	int *ret_devpts; /* set to the descriptor of the /dev/pts instance */
};

/* In their order. Targets that are missing are made. The caller has joined init's PID
 * namespace for its children. */
int mounting_all(const struct mounting *m, const struct rt_mount *mounts, size_t n,
		 struct err *e);
/* Makes path (a folder, or a file) inside root when missing; O_PATH fd or -errno. */
int mounting_target(int root, const char *path, bool folder, struct err *e);

#endif
