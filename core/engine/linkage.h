/* SPDX-License-Identifier: Apache-2.0 */
/* --link CONTAINER[:ALIAS]: another container by a name of one's own, on a network that
 * both are on. The addresses are those of the start. */
#ifndef ENGINE_LINKAGE_H
#define ENGINE_LINKAGE_H

#include "core/engine/netplan.h"
#include "core/store/store.h"

/* Appends "ID:ALIAS" to the plan's links. -ENOENT: no such container. */
int linkage_add(const struct store *s, const char *text, struct netplan *n,
		struct err *e);
/* The plan's link_hosts, from its links and ends. -EBUSY: one does not run; -ENOENT: it
 * is on none of the networks. */
int linkage_resolve(const struct store *s, struct netplan *n, struct err *e);
/* The plan's link_env, of those on the default network, but for what the container's own
 * Config sets: docker's variables (linkenv.h). */
int linkage_env(const struct store *s, struct netplan *n, yyjson_val *own_config,
		struct err *e);
/* "ALIAS=ADDRESS" of each, appended. */
void linkage_hosts(const struct netplan *n, struct strv *ret);

#endif
