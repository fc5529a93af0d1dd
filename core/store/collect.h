/* SPDX-License-Identifier: Apache-2.0 */
/* The collection of blobs and layers that nothing uses: the work of gc_collect (gc.h). */
#ifndef STORE_COLLECT_H
#define STORE_COLLECT_H

#include <stdint.h>

#include "core/base/strv.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

int collect_unused(const struct store *s, const struct strv *keep_chains,
		   uint64_t *ret_bytes, struct err *e);
/* Of these blobs, those that no tag and no lease needs: for one who brought them in vain.
 * Takes gc.lock itself. */
int collect_blobs(const struct store *s, const struct digest *d, size_t n, struct err *e);

#endif
