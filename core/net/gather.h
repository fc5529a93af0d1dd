/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering: the small datagrams of a container that sends many, joined by the kernel at
 * the realm's end of its veth pair (GRO), so that bridge, filter, routing and the stack
 * see one large one for many. */
#ifndef NET_GATHER_H
#define NET_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ns/netlink.h"

/* Can the kernel do that without losing what does not fit between the two ends? */
bool gather_possible(void);
/* For the container's end, where it is possible: a queue in front of the link. It costs
 * nothing when it is added before the link is up. */
void gather_add_queue(struct netlink *nl, uint32_t ifindex);
/* Caller: in the realm's user and network namespace, with no child that it waits for
 * (from here on SIGCHLD is ignored). The root of a sysfs of that namespace, which is
 * mounted nowhere; -1: there is none to be had. */
int gather_open(void);
/* The folder of its links (O_PATH); -1. */
int gather_links(int sysfs);
/* From now on for the link of that name. Where it cannot be, nothing is changed. */
void gather_begin(int sysfs, const char *port);

#endif
