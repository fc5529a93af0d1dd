/* SPDX-License-Identifier: Apache-2.0 */
/* --device: a node of the host, bound into the container (a user may make none). */
#ifndef ENGINE_DEVICES_H
#define ENGINE_DEVICES_H

#include "core/engine/spec.h"
#include "core/oci/runtimeconfig.h"

/* A folder stands for the nodes below it. An error for what is missing, is no device, or
 * may not be opened by the user; a warning where the permissions asked for are less than
 * the user's own, because without a device cgroup they are not narrowed. */
int devices_add(const struct spec_device *d, struct runtimeconfig *c,
		struct strv *warnings, struct err *e);

/* Is it one that only a supplementary group of the user's opens? */
bool devices_by_group(const char *path);

#endif
