/* SPDX-License-Identifier: Apache-2.0 */
/* What the bridge's files share. */
#ifndef NET_BRIDGE_INSIDE_H
#define NET_BRIDGE_INSIDE_H

#include "core/net/bridge.h"
#include "core/net/link.h"

#define BRIDGE_PAIR_GROUP 0x726du

/* Makes the pair of that path, of that fabric (BRIDGE_FABRICS: the first that this kernel
 * has). The end in may still be to be set up. */
int bridge_pair_up(struct netlink *nl, int path, int fabric, struct err *e);
/* Why something that was tried, or was not, cannot be. */
const char *bridge_why(const struct err *e);
/* The sentence for a kernel with no links to make a network of: why not of each fabric.
 */
int bridge_lacks_links(const struct err why[BRIDGE_FABRICS], int code, struct err *e);
/* The path that the realm has taken: whose pair is up. -ENODEV: none yet. */
int bridge_pair_taken(struct netlink *nl);
/* What the link is made of, or (NULL) the pair: BRIDGE_VETH when there is none. */
int bridge_pair_fabric(struct netlink *nl, const char *ifname);

#endif
