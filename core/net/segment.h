/* SPDX-License-Identifier: Apache-2.0 */
/* A network's links on a kernel without bridge or without veth: macvlan ports on a link
 * that leads nowhere, its wire. The first port is the realm's and bears the bridge's
 * name. */
#ifndef NET_SEGMENT_H
#define NET_SEGMENT_H

#include "core/net/link.h"

/* What the kernel calls a port. */
#define SEGMENT_KIND "macvlan"

/* A wire with the realm's port on it, up; idempotent. */
int segment_up(struct netlink *nl, const struct link_end *port, struct err *e);
/* One more port, beside the realm's of that name. Existing: -EEXIST. */
int segment_plug(struct netlink *nl, const char *beside, const struct link_end *port,
		 struct err *e);
/* The wire and every port go; one that is not there is no error. */
int segment_down(struct netlink *nl, const char *ifname, struct err *e);
/* Is the link the realm's port of a segment? */
bool segment_is(struct netlink *nl, const char *ifname);

#endif
