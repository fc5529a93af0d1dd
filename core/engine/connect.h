/* SPDX-License-Identifier: Apache-2.0 */
/* What a start needs of the network, before the monitor is there: addresses leased,
 * bridges up, the stack running, published ports open. */
#ifndef ENGINE_CONNECT_H
#define ENGINE_CONNECT_H

#include "core/engine/container.h"
#include "core/engine/netplan.h"
#include "core/engine/realm.h"

struct connect_want {
	const struct store *store;
	const struct config *cfg;
	const struct realm *realm;
	const struct container *c;
};

/* Fills n's ends and ports, and appends to kept: the connection to the stack, then all
 * listeners in the order of n's ports. What is in n and kept on failure is the caller's
 * to undo. */
int connect_network(const struct connect_want *w, struct netplan *n, int *kept,
		    size_t *kept_len, struct err *e);
/* One network: an address leased, the bridge up, end (one of n's) filled in. */
int connect_lease(const struct connect_want *w, struct netplan *n,
		  struct netplan_end *end, struct err *e);
/* Ports from that one on that were published on no address in particular: on the one that
 * the network they come by says (host_binding_ipv4). */
int connect_bind_ports(const struct store *s, const struct config *cfg, struct netplan *n,
		       size_t from, struct err *e);
/* With container:X: that one's hosts, hostname and resolv.conf. */
int connect_peer_files(const struct connect_want *w, const struct netplan *n,
		       struct err *e);
/* Gives back what one end leased. */
void connect_release(const struct store *s, const char *id,
		     const struct netplan_end *end);
/* Gives the leases back. */
void connect_undo(const struct store *s, const char *id, const struct netplan *n);

#endif
