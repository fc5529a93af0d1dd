/* SPDX-License-Identifier: Apache-2.0 */
/* How much disk trees use whose folders belong to the containers' IDs. */
#ifndef ENGINE_MEASURE_H
#define ENGINE_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/strv.h"
#include "core/store/store.h"

/* Bytes of each path (absolute) into ret[]; 0 for what cannot be read. One trip into the
 * realm for all of them; without a realm, what the user himself may read. */
void measure_trees(const struct store *s, const struct strv *paths, uint64_t *ret);

#endif
