/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may reach through the host, and as whom its visitors appear. */
#ifndef NET_BORDER_H
#define NET_BORDER_H

#include "core/net/tenant.h"

/* Where on the host a destination leads (port 0: any): *ret. 0, or the -errno that the
 * container is to see. Closed: the host's loopback in every spelling, other networks of
 * the realm, everything from an internal network; what no connection can be made to
 * (multicast, broadcast, link-local IPv6).
 * Open to the host's loopback: the address of a router that stands for it; for a
 * container with a portal (--host-loopback) the portal's address, 169.254.1.2 or
 * fd72:6f6f:746c::2, on the ports named. On others that leads to the host's own address,
 * for the name host.docker.internal, which then is the portal, has no second one. */
int border_out(const struct tenants *ts, const struct stack_attachment *place,
	       const struct ip_addr *dst, uint16_t port, struct ip_addr *ret);
/* Does the address stand for the host's loopback there? */
bool border_stands_in(const struct stack_attachment *place, const struct ip_addr *dst);
/* The portal of that family, where the place has one. */
bool border_portal(const struct stack_attachment *place, sa_family_t family,
		   struct ip_addr *ret);
struct ip_addr border_loopback(sa_family_t family);
/* The source address under which a client of a published port appears in the container:
 * its own, or the gateway's where that cannot be (loopback, link-local, inside the realm,
 * or another family than the container has). *ret_dst: the container's address of the
 * same family. -EAFNOSUPPORT when there is none. */
int border_in(const struct tenants *ts, const struct stack_attachment *place,
	      const struct ip_addr *client, struct ip_addr *ret_src,
	      struct ip_addr *ret_dst);

/* The host's own address of that family: the one it uses towards the outside. For
 * "host.docker.internal" and --add-host NAME:host-gateway. -EADDRNOTAVAIL when it has
 * none but loopback. */
int border_host(sa_family_t family, struct ip_addr *ret);

#endif
