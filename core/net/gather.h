/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering: the small datagrams of a container that sends many, joined by the kernel at
 * the realm's end of its veth pair (GRO), so that bridge, filter, routing and the stack
 * see one large one for many. */
#ifndef NET_GATHER_H
#define NET_GATHER_H

#include <stdbool.h>

/* Can the kernel do that without losing what does not fit between the two ends? Then the
 * container's end is to have a queue (link_add_queue). */
bool gather_possible(void);
/* Caller: in the realm's user and network namespace, with no child that it waits for
 * (from here on SIGCHLD is ignored). The root of a sysfs of that namespace, which is
 * mounted nowhere; -1: there is none to be had. */
int gather_open(void);
/* The folder of its links (O_PATH); -1. */
int gather_links(int sysfs);
/* From now on for the link of that name. Where it cannot be, nothing is changed. */
void gather_begin(int sysfs, const char *port);

#endif
