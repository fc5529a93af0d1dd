/* SPDX-License-Identifier: Apache-2.0 */
/* docker container prune and image prune: what nobody uses. (Volumes: volume_prune.) */
#ifndef ENGINE_PRUNE_H
#define ENGINE_PRUNE_H

#include "core/base/strv.h"
#include "core/engine/pick.h"

/* Conditions of both: label, label!, until. */
int prune_pick(struct pick *p, const struct strv *texts, struct err *e);
/* Removes what does not run. Appends the IDs; *ret_bytes: what they had written, added.
 */
int prune_containers(const struct store *s, const struct pick *p, struct strv *ret,
		     uint64_t *ret_bytes, struct err *e);
/* Removes images without a name (all: every one that no container uses). Appends docker's
 * lines "untagged: x" and "deleted: sha256:…". */
int prune_images(const struct store *s, const struct pick *p, bool all, struct strv *ret,
		 uint64_t *ret_bytes, struct err *e);

#endif
