/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of a layer's tree for another ID map. In the realm, as its root. */
#ifndef ENGINE_MAPTREE_H
#define ENGINE_MAPTREE_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"

struct maptree {
	const struct idmap *uid, *gid; /* the image's IDs → the realm's */
	/* Files keep no content: they are overlay's metadata-only ones, which point to
	 * the same path of the layer itself as a data-only layer. */
	bool meta;
};

/* from: the layer's folder; to: an empty one, which becomes it. Whiteouts, links among
 * each other, attributes, capabilities and times are kept. No layer has POSIX ACLs
 * (image/extract.c). */
int maptree_copy(const struct maptree *m, int from, int to, struct err *e);

#endif
