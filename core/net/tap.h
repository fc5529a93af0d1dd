/* SPDX-License-Identifier: Apache-2.0 */
/* Links on a kernel that has neither bridge and veth nor macvlan: tap devices, whose
 * packets a process of ours hands on (patchbay.h). */
#ifndef NET_TAP_H
#define NET_TAP_H

#include "core/net/guard.h"
#include "core/net/link.h"

/* What the kernel calls a tap. */
#define TAP_KIND "tun"

/* The device of that name, which is made if there is none ("": the kernel names it), in
 * the caller's network namespace; non-blocking, each packet behind a header of
 * TAP_HEADER bytes (struct virtio_net_hdr). -EBUSY: another holds it. */
int tap_open(const char *ifname, struct err *e);
#define TAP_HEADER 10

/* A device of the realm's, up, that stays until it is deleted; idempotent. */
int tap_up(struct netlink *nl, const struct link_end *end, struct err *e);
/* A container's place at the patchbay. */
struct tap_port {
	const char *beside; /* the realm's device that it shares a network with */
	struct guard guard; /* of what it sends, if it has an address */
	bool isolated;      /* reaches no other such */
};

/* A device in the namespace inner->netns_fd, and its place. */
int tap_plug(struct netlink *nl, const struct link_end *inner, const struct tap_port *p,
	     struct err *e);
/* Is the link one? */
bool tap_is(struct netlink *nl, const char *ifname);

#endif
