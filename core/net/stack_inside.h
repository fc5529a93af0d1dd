/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's own: what its process holds, shared by its files and nobody else. */
#ifndef NET_STACK_INSIDE_H
#define NET_STACK_INSIDE_H

#include "core/net/ping.h"
#include "core/net/query.h"
#include "core/net/stream.h"
#include "core/net/udp.h"

struct stack {
	int epfd;
	int listen_fd;
	uid_t uid;
	uint32_t linger_ms;
	uint64_t idle_since; /* ms; 0: not idle */
	bool alone;          /* on one CPU: whoever is waited for needs it */
	int64_t waited;      /* ns, how long mostly of late, up to STACK_LONG_NS */
	bool filling;        /* a ring */
	uint64_t told;       /* ms: when it last said that connections are refused */
	struct porter porter;
	struct hold hold;
	struct tcp tcp;
	struct resolver resolver;
	struct tenants tenants;
	struct inlets inlets;
	struct wickets wickets;
	struct queries queries;
	struct streams streams;
	struct flow_table flows;
	struct pings pings;
	struct udp udp;
};

/* A connection to register by waits (stack_tenants.c). */
void stack_accept(struct stack *s);
/* One message of a registration has come; a bad one ends it. */
void stack_tenant(struct stack *s, struct tenant *t);

#endif
