/* SPDX-License-Identifier: Apache-2.0 */
/* Owners beyond the user's IDs (ownership.h) in the plan of a container. */
#ifndef ENGINE_PLAN_OWNERS_H
#define ENGINE_PLAN_OWNERS_H

#include "core/engine/plan.h"

/* Those of its layers, volumes and mounted images, into its owners and maps. */
int plan_owners_find(const struct store *s, struct plan *p, struct err *e);
/* One more, for the container itself. The lock is the plan's from then on, until the
 * container's own folder says it. -EOVERFLOW without a sentence: one ID alone is mapped.
 */
int plan_owners_lend(const struct store *s, struct plan *p, const struct owners_want *w,
		     struct err *e);
/* What the files of its layers have → the realm's: maps to be done. */
void plan_owners_files(const struct plan *p, struct idmap *ret_uid,
		       struct idmap *ret_gid);
/* By these, other layers where root of the image is not root of the realm: mapped. */
int plan_owners_remap(const struct store *s, struct plan *p, const struct copyup_ids *ids,
		      struct err *e);
/* Its volumes say them too: they have files of these owners when it is gone. */
int plan_owners_tell(const struct store *s, struct plan *p, struct err *e);
void plan_owners_done(struct plan *p);

#endif
