/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a container, mounted in the calling process's mount namespace
 * (of which the caller has CAP_SYS_ADMIN). */
#ifndef RUNTIME_ROOTFS_H
#define RUNTIME_ROOTFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/strv.h"

struct rootfs {
	const struct strv *layers; /* top first; empty: folder is bound as it is */
	const struct strv *data;   /* data-only layers below them; NULL: none */
	const char *upper, *work;  /* NULL upper: read-only */
	const char *folder;
};

/* Makes an overlay in a forked process that shares this one's descriptors, so that the
 * caller can do other things meanwhile. Its PID, for rootfs_attach; 0: not done. */
pid_t rootfs_begin(const struct rootfs *r);
/* Attached; descriptor (O_PATH) of its root, or -errno. begun: of rootfs_begin, or 0. */
int rootfs_attach(const struct rootfs *r, pid_t begun, struct err *e);
/* An overlay that is mounted nowhere yet, or the place subpath in it (NULL: all): its
 * descriptor. At least two layers. */
int rootfs_overlay(const struct rootfs *r, const char *subpath, struct err *e);
/* For tests: as on kernels without "lowerdir+" (before 6.8), and as on those whose
 * options do not fit the new interface. */
enum rootfs_style { ROOTFS_LIST, ROOTFS_STRING, ROOTFS_PAGE };
int rootfs_attach_by(const struct rootfs *r, enum rootfs_style style, struct err *e);

#endif
