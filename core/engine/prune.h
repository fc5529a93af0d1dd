/* SPDX-License-Identifier: Apache-2.0 */
/* docker container prune. (Others: volume_prune, network_prune, imageprune_run,
 * buildprune_run.) */
#ifndef ENGINE_PRUNE_H
#define ENGINE_PRUNE_H

#include "core/base/strv.h"
#include "core/engine/pick.h"

/* Its conditions: label, label!, until. */
int prune_pick(struct pick *p, const struct strv *texts, struct err *e);
/* Removes what does not run. Appends the IDs; *ret_bytes: what they had written, added.
 */
int prune_containers(const struct store *s, const struct pick *p, struct strv *ret,
		     uint64_t *ret_bytes, struct err *e);
#endif
