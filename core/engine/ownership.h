/* SPDX-License-Identifier: Apache-2.0 */
/* Owners beyond the user's IDs (store/owners.h) in maps: each slot appears as the ID that
 * it stands for. What a container sees of it is in the map of its bundle; what works on
 * files in the realm takes the view, in which all that is lent is so. */
#ifndef ENGINE_OWNERSHIP_H
#define ENGINE_OWNERSHIP_H

#include "core/base/strv.h"
#include "core/engine/container.h"
#include "core/engine/realm.h"
#include "core/store/owners.h"

/* Adds what the folders say (layers/CHAIN/diff and the like: the one around it). */
int ownership_of_layers(const struct strv *folders, struct owners *io, struct err *e);
/* A container's map (container → realm), all of the realm's so far. keep: IDs that it has
 * already stay what they are; for layers that are copied for it (remap.h). */
void ownership_apply(const struct owners *o, bool keep, struct idmap *uid,
		     struct idmap *gid);
/* What IDs the layers' files have → the realm's, for such a copy: maps to be done. */
void ownership_of_files(const struct owners *o, const struct idmap *uid,
			const struct idmap *gid, struct idmap *ret_uid,
			struct idmap *ret_gid);
/* Lends for the folder dirfd what of the two IDs (-1: none) is beyond the realm's. */
int ownership_lend(const struct store *s, int dirfd, const struct realm *realm,
		   const int64_t ids[2], struct err *e);

/* In the realm: the calling process takes the view. Nothing happens when nothing is lent.
 */
int ownership_enter(const struct store *s, struct err *e);
/* The view, or that container's own: its IDs → the realm's, as compose_ids has it. They
 * stay empty where they are the same. */
int ownership_view(const struct store *s, const struct realm *realm,
		   struct idmap *ret_uid, struct idmap *ret_gid, struct err *e);
int ownership_of_container(const struct container *c, const struct realm *realm,
			   struct idmap *ret_uid, struct idmap *ret_gid, struct err *e);

#endif
