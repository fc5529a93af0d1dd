/* SPDX-License-Identifier: Apache-2.0 */
/* docker builder prune: what builds keep for the next ones is removed. */
#ifndef ENGINE_BUILDPRUNE_H
#define ENGINE_BUILDPRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/store/store.h"

/* Forgets the results of steps, and removes layers that only they kept. caches: the
 * content of cache mounts, too, but of those that a build uses now. *ret_bytes: what that
 * freed, added. */
int buildprune_run(const struct store *s, bool caches, uint64_t *ret_bytes,
		   struct err *e);

#endif
