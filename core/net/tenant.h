/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's tenants: the registered containers, with their places on networks and the
 * names they go by. */
#ifndef NET_TENANT_H
#define NET_TENANT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/ipam.h"
#include "core/net/stack.h"

#define TENANT_MAX       1024
#define TENANT_HOSTS_MAX 256
#define TENANT_LINKS_MAX 256
#define TENANT_NAME_MAX  256
#define TENANT_ADDRS_MAX 32

struct tenant_host {
	char name[TENANT_NAME_MAX];
	struct ip_addr addr;
};

/* sock < 0: a free slot. Its memory is taken and given back with the registration. */
struct tenant {
	int sock;
	bool live;   /* registration complete */
	bool amends; /* speaks for the one of the same ID: its index and gen below */
	uint16_t gen, of_gen;
	uint32_t of;
	char id[65];
	struct stack_attachment *places;
	size_t places_len;
	struct tenant_host *hosts;
	size_t hosts_len;
	struct strv links; /* "ID:ALIAS" */
};

struct tenants {
	struct tenant v[TENANT_MAX];
	uint32_t used;       /* slots ever used */
	uint32_t live;       /* connections */
	uint32_t registered; /* those whose registration is complete */
	bool faceless;       /* the realm's path keeps no visitor's address */
};

/* A slot for a new connection, or NULL. */
struct tenant *tenant_new(struct tenants *ts, int sock);
/* Releases the slot; the socket is closed. */
void tenant_free(struct tenants *ts, struct tenant *t);
/* Its registration is complete. */
void tenant_commit(struct tenants *ts, struct tenant *t);
uint32_t tenant_index(const struct tenants *ts, const struct tenant *t);
struct tenant *tenant_get(struct tenants *ts, uint32_t index, uint16_t gen);
/* The place where a tenant is visited by way of the host: its first network that is not
 * internal; or NULL. */
const struct stack_attachment *tenant_entrance(const struct tenant *t);
/* The router of the place that came last: what r says of it. -EPROTO: no place yet. */
int tenant_set_router(struct tenant *t, const struct stack_attachment *r);
/* Their ports, of the n places that came last. -EPROTO: there are not so many. */
int tenant_set_ports(struct tenant *t, const char (*ports)[IFNAMSIZ], size_t n);
/* The live tenant of that ID; or NULL. */
struct tenant *tenant_of(struct tenants *ts, const char *id);
/* The live tenant that has the address, with the place where; or NULL. */
struct tenant *tenant_find(struct tenants *ts, const struct ip_addr *addr,
			   const struct stack_attachment **ret_place);
/* Is the address in a subnet of any tenant's network? */
bool tenant_inside(const struct tenants *ts, const struct ip_addr *addr);
/* Is it the gateway of such a network? The realm itself answers there. */
bool tenant_gateway(const struct tenants *ts, const struct ip_addr *addr);

/* What `name` (lower case, no dot at its end) means to tenant t: its own hosts first,
 * then its links to who is there now, then the names on the networks it shares. Addresses
 * of the family only, at most TENANT_ADDRS_MAX; *ret_known says that the name is known
 * even so. */
size_t tenant_resolve(const struct tenants *ts, const struct tenant *t, const char *name,
		      sa_family_t family, struct ip_addr *ret, bool *ret_known);
/* The first name of the container with that address on a network t shares; or NULL. */
const char *tenant_name_of(const struct tenants *ts, const struct tenant *t,
			   const struct ip_addr *addr);

#endif
