/* SPDX-License-Identifier: Apache-2.0 */
/* The stack: one process for each user that carries a realm's traffic to and from the
 * host. This header is its outer face: starting it, and the connection that registers a
 * container. */
#ifndef NET_STACK_H
#define NET_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/net/ipam.h"
#include "core/net/publish.h"

/* Main of the stack process (inner executable). listen_fd: SOCK_SEQPACKET listener on the
 * control socket; realm_pidfd: pidfd of the keeper; ready_fd: one byte is written when it
 * serves, then closed (or -1). What it has to say goes to its standard error. Runs in the
 * host's namespaces, makes its sockets helper inside the realm, confines itself, and
 * returns (exit code) linger_ms after its last registration has gone. */
struct stack_options {
	int listen_fd;
	int realm_pidfd;
	int ready_fd;
	uint32_t linger_ms;
	const char *resolv_conf; /* "/etc/resolv.conf" */
};
int stack_main(const struct stack_options *o);

#define STACK_NAMES_MAX    64
#define STACK_NETWORKS_MAX 16
#define STACK_PORTAL_MAX   64

/* What may be closed to a place: protocols; every way out (the error is that of a network
 * without routes); visitors' own addresses (they appear as the router). */
enum stack_proto { STACK_TCP, STACK_UDP, STACK_ICMP, STACK_OUT, STACK_FACES };

/* One container's place on one network. */
struct stack_attachment {
	char network[80]; /* its ID: names resolve among equals */
	char bridge[IFNAMSIZ];
	struct ip_subnet subnet;
	struct ip_addr gateway; /* where the resolver answers */
	struct ip_addr addr;
	struct ip_addr addr6, gateway6;
	struct ip_subnet subnet6;
	bool internal;
	bool own_dns; /* it has resolvers of its own: nothing is asked of the host's */
	/* The router that it sees, where that is not the gateway: who a visitor without
	 * an address of its own appears as. */
	struct ip_addr router, router6;
	bool loopback; /* by the router's address it reaches the host's loopback */
	/* So it does by the portal's address (border.h), on these ports; none: on all. */
	bool portal;
	uint8_t portal_len;
	uint16_t portal_ports[STACK_PORTAL_MAX];
	uint8_t closed;      /* not carried: 1 << enum stack_proto */
	char port[IFNAMSIZ]; /* the realm's end of its veth pair; "": not known */
	struct strv names;   /* name, aliases, short ID, hostname: what others resolve */
};

struct stack_published {
	struct publish map; /* host_port filled in */
	int fds[2];         /* listeners, sent along */
	size_t fds_len;
};

struct stack_registration {
	char id[65];
	struct stack_attachment *attachments;
	size_t attachments_len;
	struct stack_published *published;
	size_t published_len;
	struct strv hosts; /* "name=address": --add-host for the resolver (host-gateway
			      resolved) */
	const struct strv *links; /* "ID:ALIAS": another by a name of one's own, wherever
				     they share a network; NULL: none */
};

/* Sends the registration over a connected control socket (one or more messages) and waits
 * for the stack's answer. The container is served for as long as sock stays open. */
int stack_register(int sock, const struct stack_registration *r, struct err *e);
/* Ends it: when this returns the stack has let go of the container and its listeners, or
 * has not answered for a while. */
void stack_unregister(int sock);
/* What changes of a container's registration. NULL: nothing of that kind. */
struct stack_amendment {
	const struct stack_attachment *join;   /* a new place */
	const char *leave;                     /* ID of the network that is left */
	const struct stack_published *publish; /* a new port, its listeners sent along */
	const struct publish *withdraw; /* one that goes: host_ip AF_UNSPEC is any */
	const struct strv *links;       /* all that there are from now on */
};

/* Changes the registration of a container, over a connection of the caller's own.
 * -ENOENT: no such container, place or port. */
int stack_amend(int sock, const char *id, const struct stack_amendment *a, struct err *e);

#endif
