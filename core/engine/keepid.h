/* SPDX-License-Identifier: Apache-2.0 */
/* --userns keep-id[:uid=N,gid=N]: the user's own ID in the realm (0) appears in the
 * container as N, by default as the same number that it is on the host.
 * --userns auto-user: as the user that the container runs as (--user, or the image's
 * USER), so that what it writes to a bind mount is the user's own. */
#ifndef ENGINE_KEEPID_H
#define ENGINE_KEEPID_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"

bool keepid_is(const char *userns);
bool keepid_is_auto(const char *userns);
/* -EINVAL for a form that is not known. */
int keepid_parse(const char *userns, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e);
/* container → realm: own → 0, and all other IDs of the realm's map in order. */
void keepid_map(const struct idmap *realm, uint32_t own, struct idmap *ret);

#endif
