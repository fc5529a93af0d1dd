/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: networks/ID/ with record.json (docker's inspect shape) and leases/ADDRESS,
 * each holding the ID of the container that has it. The default one, "bridge", is made
 * when it is first needed. */
#ifndef ENGINE_NETWORK_H
#define ENGINE_NETWORK_H

#include "core/base/strv.h"
#include "core/engine/config.h"
#include "core/engine/realm.h"
#include "core/net/bridge.h"

#define NETWORK_DEFAULT "bridge"

struct network {
	char id[65];
	char *name;
	struct bridge bridge;
};

/* By name, ID or unambiguous prefix; -ENOENT "network x not found". cfg: for making the
 * default one; NULL: only an existing one. */
int network_open(const struct store *s, const struct config *cfg, const char *what,
		 struct network *ret, struct err *e);
void network_done(struct network *n);

/* An address for container id: want (AF_UNSPEC: any) if it is free or its own already,
 * else the first free one. */
int network_lease(const struct store *s, const struct network *n, const char *id,
		  struct ip_addr want, struct ip_addr *ret, struct err *e);
/* Gives it back, if that container holds it. */
void network_release(const struct store *s, const char *network_id, const char *id,
		     const struct ip_addr *addr);

/* The realm's own network parts and this network's bridge are there. */
int network_ensure(const struct store *s, const struct realm *r, const struct network *n,
		   struct err *e);
/* A connection to the stack process of this realm, which is started when there is none.
 */
int network_stack(const struct store *s, const struct realm *r, struct err *e);
/* An address of the host's own that is not loopback (for "host-gateway"); -ENOENT. */
int network_host_address(struct ip_addr *ret);

#endif
