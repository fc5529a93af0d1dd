/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a new volume with what the image has at its place, as docker does. */
#ifndef ENGINE_COPYUP_H
#define ENGINE_COPYUP_H

#include <sys/stat.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/ns/idmap.h"

/* The image's IDs → the realm's. */
struct copyup_ids {
	const struct idmap *uid, *gid;
};
/* Copies the folder at path of the merged layers (top first) into the empty folder dirfd:
 * owners (by ids, unless NULL), modes, times, links and xattrs kept; device nodes are
 * left out (nobody may make them). The caller is root of the realm. */
int copyup_fill(const struct strv *layers, const char *path, int dirfd,
		const struct copyup_ids *ids, struct err *e);
/* Owner, mode, attributes and times of what `from` refers to, for `to`; st: what they are
 * to be. overlay: its own attributes too. */
int copyup_dress(int from, int to, const struct stat *st, bool overlay);

#endif
