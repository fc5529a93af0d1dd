/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that a layer has only because something is in them: seen from above they must
 * look as the layers below have them (owner, mode, attributes, time), not as new ones. */
#ifndef IMAGE_PARENTS_H
#define IMAGE_PARENTS_H

#include <stddef.h>

#include "core/base/err.h"

/* diffs: descriptors of the layers' folders, lowest first; diffs[n - 1] is the layer at
 * hand. paths: as unpack_result has them. Runs with the realm's power (userns_call). */
int parents_fit(const int *diffs, size_t n, const char *paths, size_t size,
		struct err *e);

#endif
