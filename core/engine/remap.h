/* SPDX-License-Identifier: Apache-2.0 */
/* Layers for containers whose IDs are not the realm's (--userns keep-id): made once for
 * each map, in a layer's own folder, so that they go when the layer does. Where the
 * kernel can take content from the layers themselves (overlay's data-only layers for
 * users, since Linux 6.16), one tree of the whole image without content:
 * layers/TOP/maps/meta-KEY/tree; else a whole copy of each layer:
 * layers/CHAIN/maps/diff-KEY/tree.
 */
#ifndef ENGINE_REMAP_H
#define ENGINE_REMAP_H

#include "core/base/strv.h"
#include "core/ns/idmap.h"
#include "core/store/store.h"

/* layers: the folders (store/layer.h: layer_path), top first. Appends those to be used in
 * their place, made where they are missing. *ret_meta: it is the one without content,
 * and the layers themselves are the data-only layers below. The caller holds gc.lock. */
int remap_layers(const struct store *s, const struct idmap *uid, const struct idmap *gid,
		 const struct strv *layers, struct strv *ret, bool *ret_meta,
		 struct err *e);

#endif
