/* SPDX-License-Identifier: Apache-2.0 */
/* Who a container runs as, and which ID of the user's each of its IDs is. */
#ifndef ENGINE_PLAN_USER_H
#define ENGINE_PLAN_USER_H

#include "core/engine/plan.h"

/* Fills user, who, uid and gid of the plan, whose image and layers are known: --user or
 * the image's USER by its own passwd and group, --group-add, --userns. An ID past the
 * user's ranges is lent a slot (store/owners.h), as are those that files of its layers
 * and volumes have: they go to owners. -EOVERFLOW when there is none to give. */
int plan_user_resolve(const struct store *s, struct plan *p, struct err *e);

#endif
