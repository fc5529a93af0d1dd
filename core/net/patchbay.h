/* SPDX-License-Identifier: Apache-2.0 */
/* The patchbay: one process for each realm whose links are taps. It holds them, and hands
 * each packet to the tap, or the taps, that it is for. */
#ifndef NET_PATCHBAY_H
#define NET_PATCHBAY_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

#define PATCHBAY_PORTS 1280

struct patchbay_port {
	char bridge[IFNAMSIZ]; /* packets stay within one */
	uint8_t mac[6];        /* of a container's: the one that it may be */
	bool uplink;           /* the realm's own */
	bool isolated;         /* reaches no other such */
};

/* realm_pidfd: a process of the realm; end_fd: the patchbay ends when it can be read
 * (that process' own, a connection); keep_fd: what it is to hold open (a lock); a byte is
 * written to ready_fd when it serves. */
int patchbay_main(int realm_pidfd, int end_fd, int keep_fd, int ready_fd);

/* The caller is in the realm's network namespace. -ECONNREFUSED: there is no patchbay. */
int patchbay_plug(const struct patchbay_port *p, int tap_fd, struct err *e);

#endif
