/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacked layers: layers/<chainID hex>/ with diff/ (overlay's form, IDs as in the realm)
 * and layer.json (diffID, parent chainID, size, ID-map note). Self-describing. */
#ifndef STORE_LAYER_H
#define STORE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/store/store.h"
#include "core/wire/digest.h"

struct layer {
	struct digest chain_id, diff_id;
	struct digest parent;      /* chainID, unset for the first */
	uint64_t size;             /* bytes of content, as docker counts */
	uint32_t uid_max, gid_max; /* highest IDs used */
};

bool layer_has(const struct store *s, const struct digest *chain_id);
int layer_read(const struct store *s, const struct digest *chain_id, struct layer *ret,
	       struct err *e);
/* Malloc'd absolute path of its diff/. */
char *layer_path(const struct store *s, const struct digest *chain_id);
/* Begins layers/tmp-…/diff (locked by the maker); *ret_dirfd is diff/. *ret NULL with 0:
 * someone else finished it meanwhile. */
struct layer_maker;
int layer_make(const struct store *s, const struct digest *chain_id,
	       struct layer_maker **ret, int *ret_dirfd, struct err *e);
/* Writes layer.json and renames into place. Content must be synced before (layer_sync).
 */
int layer_commit(struct layer_maker *m, const struct layer *l, struct err *e);
void layer_abort(struct layer_maker *m);
/* One syncfs for everything unpacked so far. */
int layer_sync(const struct store *s, struct err *e);
/* Layers to remove are renamed to trash first; trees owned by subordinate IDs need the
 * realm: remove is called inside it (userns_call by the engine). */
int layer_remove(const struct store *s, const struct digest *chain_id, struct err *e);

#endif
