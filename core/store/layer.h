/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacked layers: layers/<chainID hex>/ with diff/ (overlay's form, IDs as in the realm)
 * and layer.json (diffID, parent chainID, size, ID-map note), and `owners` when it has
 * some beyond the map (owners.h). Self-describing. */
#ifndef STORE_LAYER_H
#define STORE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/strv.h"
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
 * someone else finished it meanwhile. Held by another process: waits for it, or
 * -EWOULDBLOCK. Whoever waits must hold no other part or layer. */
struct layer_maker;
int layer_make(const struct store *s, const struct digest *chain_id, bool wait,
	       struct layer_maker **ret, struct err *e);
/* diff/ of a layer in the making. */
int layer_dirfd(const struct layer_maker *m);
/* The folder of one in the making, where its `owners` are (store/owners.h). */
int layer_folder(const struct layer_maker *m);
/* The three steps that end it: layer_seal writes layer.json, layer_sync brings all sealed
 * ones to the disk, layer_commit renames one into place (and frees m in any case). */
int layer_seal(struct layer_maker *m, const struct layer *l, struct err *e);
int layer_commit(struct layer_maker *m, struct err *e);
/* Moves what was made to the trash (gc_sweep in the realm removes it); frees m. */
void layer_abort(struct layer_maker *m);
/* One syncfs for everything unpacked so far. */
int layer_sync(const struct store *s, struct err *e);
/* chainIDs (hex) of all layers, sorted. */
int layer_list(const struct store *s, struct strv *ret, struct err *e);
/* To the trash: from then on it does not exist. gc_sweep, in the realm, removes it. */
int layer_remove(const struct store *s, const struct digest *chain_id, struct err *e);

#endif
