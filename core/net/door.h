/* SPDX-License-Identifier: Apache-2.0 */
/* Doors: where a realm has no TPROXY, a transparent listener for each destination that
 * containers connect to, and a routing rule that leads its packets there. */
#ifndef NET_DOOR_H
#define NET_DOOR_H

#include <stdint.h>

#include "core/net/porter.h"

#define DOOR_MAX  1024
#define DOOR_NONE UINT16_MAX

/* users == 0 and fd >= 0: nobody comes by it any more, it closes in a while. */
struct door {
	int fd; /* -1: a free slot */
	uint16_t gen;
	uint16_t port;
	uint32_t users;
	struct ip_addr addr;
	uint64_t idle; /* ms, since when */
};

struct doors {
	int epfd;
	struct porter *porter;
	uint64_t now; /* ms, of this round of the loop */
	uint16_t used;
	uint16_t live;
	struct door v[DOOR_MAX];
};

/* One more flow to that destination: the index of its door, or -errno (-ENOSPC). */
int door_enter(struct doors *ds, const struct ip_addr *addr, uint16_t port);
/* DOOR_NONE is no door. */
void door_leave(struct doors *ds, uint16_t index);
struct door *door_get(struct doors *ds, uint32_t index, uint16_t gen);
/* Closes those that nobody has needed for some time. */
void door_expire(struct doors *ds);

#endif
