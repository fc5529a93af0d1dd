/* SPDX-License-Identifier: Apache-2.0 */
/* --link CONTAINER[:ALIAS]: another container by a name of one's own, on a network that
 * both are on.
 *
 * The stack's resolver knows the ID and answers with the address of now. The lines in
 * /etc/hosts are of the moment: so who is linked has in its folder the IDs of those that
 * link to it, and makes theirs anew when it may have come by another address. */
#ifndef ENGINE_LINKAGE_H
#define ENGINE_LINKAGE_H

#include "core/engine/netplan.h"
#include "core/store/store.h"

#define LINKAGE_NOTES "linked" /* in the folder of who is linked */

/* Appends "ID:ALIAS" to the plan's links. -ENOENT: no such container. */
int linkage_add(const struct store *s, const char *text, struct netplan *n,
		struct err *e);
/* The plan's link_hosts, from its links and ends; id: whose plan it is. -EBUSY: one does
 * not run; -ENOENT: it is on none of the networks. */
int linkage_resolve(const struct store *s, const char *id, struct netplan *n,
		    struct err *e);
/* The same without those that are gone or out of reach. */
void linkage_renew(const struct store *s, struct netplan *n);
/* The plan's link_env, of those on the default network, but for what the container's own
 * Config sets: docker's variables (linkenv.h). */
int linkage_env(const struct store *s, struct netplan *n, yyjson_val *own_config,
		struct err *e);
/* Has anybody ever linked to the container with that folder? */
bool linkage_is_target(int dirfd);
/* It has come, or its networks have changed: the lines of those that link to it are made
 * anew; of one where that fails they stay as they were, the resolver knows better. Takes
 * their locks, one after the other: the caller holds none. */
void linkage_follow(const struct store *s, const char *id, int folder);

#endif
