/* SPDX-License-Identifier: Apache-2.0 */
/* A container's network, as the "network" object of setup.json carries it from create to
 * start and on to the monitor: what was asked for, and for this run what was leased and
 * opened. */
#ifndef ENGINE_NETPLAN_H
#define ENGINE_NETPLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/strv.h"
#include "core/net/endpoint.h"
#include "core/net/publish.h"
#include "core/runtime/setup.h"
#include "core/wire/json.h"

enum netplan_mode { NETPLAN_NONE, NETPLAN_HOST, NETPLAN_CONTAINER, NETPLAN_NETWORKS };

/* What became of a port since the start. */
enum netplan_change {
	NETPLAN_KEPT,    /* its listeners are among the monitor's */
	NETPLAN_ADDED,   /* the stack alone holds them; the monitor opens the next ones */
	NETPLAN_REMOVED, /* the monitor's have a place still, closed */
	NETPLAN_HANDED,  /* added, and among the monitor's behind those of the start */
};

struct netplan_port {
	struct publish map;    /* host_port: the one chosen, for this run */
	size_t fds;            /* listeners of it among the descriptors kept, in order */
	unsigned int families; /* who may come by them (publish_families) */
	enum netplan_change change;
};

/* One network that the container is on. */
struct netplan_end {
	char *name;           /* "bridge" */
	struct strv aliases;  /* of this container there */
	struct ip_addr fixed; /* --ip: no other address will do; AF_UNSPEC: any */
	struct ip_addr fixed6;
	char *wanted_mac, *wanted_if; /* NULL: any */
	int64_t priority;             /* the highest has the default route */
	/* for this run: */
	char *id;
	struct endpoint ep; /* bridge "" when not leased */
	struct ip_subnet subnet, subnet6;
	struct ip_addr resolver; /* the network's gateway, also of an internal one */
	struct ip_addr resolver6;
	bool internal;
	size_t at; /* of one that passes: its place among the ends */
};

struct netplan {
	enum netplan_mode mode;
	char *peer;       /* container:X, as given */
	char *data, *run; /* the store's folders */
	char *name, *hostname, *domainname;
	struct strv add_host, dns, dns_search, dns_option;
	struct strv links;      /* "ID:ALIAS" */
	struct strv link_hosts; /* of them, for this run: "ADDRESS ALIAS …" */
	struct strv link_env;   /* of those on the default network, for this run */
	char *mac;
	char *host_loopback; /* NULL: closed; "": all ports; else those (hostloop.h) */
	struct netplan_port *ports;
	size_t ports_len;
	struct netplan_end *ends;
	size_t ends_len;
	/* On their way in or out while the container runs: it is not on these networks,
	 * but what that takes may be there (passing.h). */
	struct netplan_end *passing;
	size_t passing_len;
};

/* obj: the "network" object. */
int netplan_parse(yyjson_val *obj, struct netplan *ret, struct err *e);
/* setup.json in the folder `bundle`, and the plan in it; both are for the caller to
 * release, after a failure too. */
int netplan_read(int bundle, struct setup *setup, struct netplan *ret, struct err *e);
yyjson_mut_val *netplan_build(const struct netplan *n, yyjson_mut_doc *doc);
/* The end on the network of that name or ID; or NULL. */
struct netplan_end *netplan_find_end(struct netplan *n, const char *network);
/* It passes: what is returned. */
struct netplan_end *netplan_pass(struct netplan *n, struct netplan_end *end);
/* None does any more; or all are ends again, where they were. */
void netplan_drop_passing(struct netplan *n);
void netplan_admit(struct netplan *n);
/* Adds a network by name, a port. */
struct netplan_end *netplan_add_end(struct netplan *n, const char *name);
void netplan_add_port(struct netplan *n, const struct publish *p);
void netplan_drop_port(struct netplan *n, size_t i);
/* For a next start: ports that were removed are gone, those added are as the others. */
void netplan_settle_ports(struct netplan *n);
void netplan_done(struct netplan *n);

#endif
