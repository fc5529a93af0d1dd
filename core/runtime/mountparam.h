/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a mount that belong to its file system: "mode=755", "size=…". */
#ifndef RUNTIME_MOUNTPARAM_H
#define RUNTIME_MOUNTPARAM_H

#include <stdbool.h>

#include "core/base/strv.h"
#include "core/ns/idmap.h"

/* uid= and gid= are the container's; the file system is the realm's. Those of an ID that
 * is not mapped here go. */
void mountparam_translate(struct strv *params, const struct idmap *uid,
			  const struct idmap *gid);
/* Is there one that begins so? */
bool mountparam_has(const struct strv *params, const char *prefix);
/* Removes this one; true when it was there. */
bool mountparam_take(struct strv *params, const char *word);

#endif
