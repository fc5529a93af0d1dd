/* SPDX-License-Identifier: Apache-2.0 */
/* Pacing: a host whose congestion control is bbr sends no faster than it has measured the
 * path to be. Between two sockets of one host there is no path, only the timers' cost. */
#ifndef NET_PACE_H
#define NET_PACE_H

#include "core/net/ipam.h"

/* The host's choice; "": it does not pace, and there is nothing to do. */
struct pace {
	char name[16];
};

void pace_find(struct pace *p);
/* For a socket before its connect, or a listener: no pacing, as yet. */
void pace_off(const struct pace *p, int fd);
/* For a connected or connecting socket: the host's choice again, unless peer is this
 * host. */
void pace_far(const struct pace *p, int fd, const struct ip_addr *peer);

#endif
