/* SPDX-License-Identifier: Apache-2.0 */
/* The merged view of overlay layers, read without mounting anything: whiteouts, opaque
 * folders and links are followed as overlayfs would. For the few small files that are
 * needed before a container exists. */
#ifndef ENGINE_ROOTVIEW_H
#define ENGINE_ROOTVIEW_H

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

#endif
