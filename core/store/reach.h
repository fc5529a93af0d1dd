/* SPDX-License-Identifier: Apache-2.0 */
/* What images reach: the blobs and layers that a tag needs. */
#ifndef STORE_REACH_H
#define STORE_REACH_H

#include "core/base/strv.h"
#include "core/store/store.h"
#include "core/store/tag.h"

/* Appends the hex digests of the tag's manifest, config and layer blobs to blobs, and its
 * chainIDs to chains; either may be NULL. An image whose manifest or config is lost or
 * damaged reaches what can still be read. */
int reach_tag(const struct store *s, const struct tag *t, struct strv *blobs,
	      struct strv *chains, struct err *e);
/* The same for all of index.json, all leases and the results of build steps. */
int reach_all(const struct store *s, struct strv *blobs, struct strv *chains,
	      struct err *e);

#endif
