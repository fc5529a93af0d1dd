/* SPDX-License-Identifier: Apache-2.0 */
/* Inlets: the host's listeners of published ports, as the stack holds them. */
#ifndef NET_INLET_H
#define NET_INLET_H

#include <stdint.h>

#include "core/net/publish.h"
#include "core/net/tcp.h"

#define INLET_MAX 8192

/* fd < 0: a free slot. */
struct inlet {
	int fd;
	uint16_t gen;
	uint32_t tenant;
	uint16_t port; /* the container's */
	enum publish_proto proto;
	bool outward; /* its clients are the container's, the port is the host's */
};

struct inlets {
	struct inlet v[INLET_MAX];
	uint32_t used;
};

/* Takes fd (a listener, or a bound datagram socket) and watches it. -ENOSPC. */
int inlet_add(struct inlets *is, int epfd, uint32_t tenant, const struct publish *p,
	      int fd);
struct inlet *inlet_get(struct inlets *is, uint32_t index, uint16_t gen);
/* Accepts the clients that wait and dials the container for each. */
void inlet_accept(struct inlet *i, struct tcp *t);
/* Closes the listeners of one published port: how many. A datagram port's flows are to be
 * ended before. */
unsigned int inlet_withdraw(struct inlets *is, int epfd, uint32_t tenant,
			    const struct publish *p);
/* Closes those of a container that is gone. */
void inlet_evict(struct inlets *is, int epfd, uint32_t tenant);

#endif
