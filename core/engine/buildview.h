/* SPDX-License-Identifier: Apache-2.0 */
/* The file systems of a build step: layers seen as one tree, with or without a folder for
 * changes. Opened in a short-lived process of the realm, in a mount namespace of its own.
 */
#ifndef ENGINE_BUILDVIEW_H
#define ENGINE_BUILDVIEW_H

#include "core/base/err.h"
#include "core/base/strv.h"

/* A folder in which a step works: "upper", "work", "hook", "empty" are inside. */
struct buildview {
	const struct strv *layers; /* top first; none: an empty tree */
	const char *scratch;       /* absolute path of that folder */
};

/* Makes the folders of a scratch. */
int buildview_prepare(const char *scratch, struct err *e);
/* A mount namespace for what follows; the caller is root of the realm. */
int buildview_enter(struct err *e);
/* O_PATH descriptor of the tree's root; changes go to scratch/upper. */
int buildview_open(const struct buildview *v, struct err *e);
/* The same, read-only. */
int buildview_look(const struct buildview *v, struct err *e);

#endif
