/* SPDX-License-Identifier: Apache-2.0 */
/* Networks: networks/ID/ with record.json (docker's inspect shape) and leases/ADDRESS,
 * each holding the ID of the container that has it. The default one, "bridge", is made
 * when it is first needed. */
#ifndef ENGINE_NETWORK_H
#define ENGINE_NETWORK_H

#include "core/base/strv.h"
#include "core/engine/config.h"
#include "core/engine/netwish.h"
#include "core/engine/realm.h"
#include "core/net/bridge.h"
#include "core/wire/json.h"

#define NETWORK_DEFAULT "bridge"

/* An address that is somebody else's (--aux-address). */
struct network_aux {
	char *name;
	struct ip_addr addr;
};

/* Do its containers send from their own addresses only (guard.h)? As far as the kernel
 * can see to it; or not at all where it cannot; or they need not. */
enum network_source { NETWORK_SOURCE_USUAL, NETWORK_SOURCE_CHECKED, NETWORK_SOURCE_ANY };

struct network {
	char id[65];
	char *name;
	bool plain; /* "host" and "none": there is no bridge */
	struct bridge bridge;
	struct ip_subnet range[2]; /* what is handed out of IPv4, IPv6; AF_UNSPEC: all */
	struct network_aux *aux;
	size_t aux_len;
	enum network_source source;
	struct ip_addr binding; /* the host's for ports published without one */
};

/* AUTO: when a subnet of it is given, or none at all and the host has it. */
enum network_ipv6 { NETWORK_IPV6_AUTO, NETWORK_IPV6_ON, NETWORK_IPV6_OFF };

/* What docker network create asks for. NULL: the default. */
struct network_want {
	const char *name, *driver;
	const struct strv *subnets, *gateways, *ranges;
	const struct strv *aux, *labels, *options; /* "key=value" */
	enum network_ipv6 ipv6;
	bool internal, attachable;
};

/* networks/, made when missing: fd or -errno. */
int network_folder(const struct store *s, struct err *e);
/* folder: its name, which is to be the ID. */
int network_parse(yyjson_val *record, const char *folder, struct network *ret,
		  struct err *e);
/* Makes one: -EEXIST "network with name x already exists". Its subnet collides with no
 * route of the host's and no other network unless it is given; a given one may be a
 * route's. */
int network_create(const struct store *s, const struct config *cfg,
		   const struct network_want *w, char ret_id[65], struct err *e);
/* bridge, host and none are there. */
int network_predefine(const struct store *s, const struct config *cfg, struct err *e);
/* The news: create, destroy, connect, disconnect. container: ID or NULL. */
void network_tell(const struct store *s, const struct network *n, const char *action,
		  const char *container);

/* By name, ID or unambiguous prefix; -ENOENT "network x not found". cfg: for making the
 * default one; NULL: only an existing one. */
int network_open(const struct store *s, const struct config *cfg, const char *what,
		 struct network *ret, struct err *e);
void network_done(struct network *n);

/* An address of want's family for container id: want itself if it is free or the
 * container's already (all zero: any), else the first free one. */
int network_lease(const struct store *s, const struct network *n, const char *id,
		  struct ip_addr want, struct ip_addr *ret, struct err *e);
/* Gives it back, if that container holds it. */
void network_release(const struct store *s, const char *network_id, const char *id,
		     const struct ip_addr *addr);

/* Appends the IDs of the containers that hold an address of it and run, or start. The
 * lock (a descriptor, or -errno) keeps others from taking one. */
int network_leased(const struct store *s, const char *network_id, struct strv *ret,
		   struct err *e);

/* All records, by name. *ret: malloc'd array. */
int network_list(const struct store *s, const struct config *cfg, yyjson_doc ***ret,
		 size_t *ret_len, struct err *e);
void network_list_done(yyjson_doc **v, size_t len);
/* Appends the networks of every container: each name once for each of them. */
int network_used(const struct store *s, struct strv *ret, struct err *e);
struct pick;
/* docker network ls --filter: dangling, driver, id, label, name, scope, type. */
int network_pick(struct pick *p, const struct strv *texts, struct err *e);
/* used: what network_used gave. */
bool network_matches(const struct pick *p, yyjson_val *record, const struct strv *used);
/* The record with the running containers on it; NULL on failure. */
yyjson_mut_val *network_inspect(const struct store *s, const struct config *cfg,
				const char *what, yyjson_mut_doc *doc, struct err *e);
/* docker network rm: -EBUSY while a container on it runs. */
int network_delete(const struct store *s, const char *what, struct err *e);
/* docker network prune: those that nobody is on, and that the conditions (label, label!,
 * until) take. Appends their names. */
int network_prune(const struct store *s, const struct config *cfg, const struct pick *p,
		  struct strv *ret, struct err *e);

struct container;
/* How a container is to be on a network. */
struct network_join {
	const struct netwish *wish;
	const struct strv *links; /* "CONTAINER[:ALIAS]" */
};
/* docker network connect: now when it runs, and at each start. -EBUSY for a priority that
 * would take the default route over from under a container that runs. */
int network_connect(const struct store *s, const struct config *cfg, struct container *c,
		    const struct network_join *j, struct err *e);
/* docker network disconnect. Connections over that network end with a reset. */
int network_disconnect(const struct store *s, const struct config *cfg,
		       struct container *c, const char *network, struct err *e);

/* The realm's own network parts and this network's bridge are there. */
int network_ensure(const struct store *s, const struct realm *r, const struct network *n,
		   struct err *e);
/* The way (way.h's number) that connections take in the realm as it is; negative while no
 * network is up. */
int network_way(const struct store *s);
/* How the ports of this realm are guarded: that of a kernel that can everything while no
 * network is up. */
enum guard_way network_guard(const struct store *s, const struct realm *r);
/* What the kernel has none of, for ports not to be filtered; NULL: they are. */
const char *network_guard_lack(enum guard_way way);
/* A connection to the stack process of this realm, which is started when there is none.
 */
int network_stack(const struct store *s, const struct realm *r, struct err *e);
/* An address of the host's own that is not loopback (for "host-gateway"); -ENOENT. */
int network_host_address(struct ip_addr *ret);

#endif
