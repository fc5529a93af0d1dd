/* SPDX-License-Identifier: Apache-2.0 */
/* docker builder prune: what builds keep for the next ones is removed. */
#ifndef ENGINE_BUILDPRUNE_H
#define ENGINE_BUILDPRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/store/store.h"

struct buildprune {
	bool caches;   /* the content of cache mounts, too, but of those in use now */
	int64_t until; /* ns: results from before it alone; 0: all */
};

/* Forgets the results of steps, whose keys are appended, and removes layers that only
 * they kept. *ret_bytes: what that freed, added. */
int buildprune_run(const struct store *s, const struct buildprune *how,
		   struct strv *ret_gone, uint64_t *ret_bytes, struct err *e);

#endif
