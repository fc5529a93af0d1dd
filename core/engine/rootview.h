/* SPDX-License-Identifier: Apache-2.0 */
/* The merged view of overlay layers, read without mounting anything: whiteouts, opaque
 * folders and links are followed as overlayfs would. For the few small files that are
 * needed before a container exists. */
#ifndef ENGINE_ROOTVIEW_H
#define ENGINE_ROOTVIEW_H

#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/strv.h"

/* layers: absolute paths of folders, top first. path: inside the root. Appends the file's
 * bytes to out. -ENOENT when there is none; only a regular file of at most max bytes is
 * read
 * (-EINVAL, -EFBIG with a sentence). */
int rootview_read(const struct strv *layers, const char *path, size_t max,
		  struct buf *out, struct err *e);
/* Is there a folder with anything in it? 1, 0, or -errno. */
int rootview_has_content(const struct strv *layers, const char *path, struct err *e);

/* Calls fn for the folder at path (rel "") and for everything below it that is visible,
 * each folder before its content. fd: O_PATH of the node itself. Not 0 from fn ends it.
 * -ENOENT when path is no folder. */
typedef int rootview_fn(void *arg, const char *rel, int fd, const struct stat *st,
			struct err *e);
int rootview_walk(const struct strv *layers, const char *path, rootview_fn *fn, void *arg,
		  struct err *e);

#endif
