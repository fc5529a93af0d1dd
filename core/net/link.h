/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink's verbs: each adds one message to a netlink buffer; netlink_commit sends
 * them. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/ipam.h"
#include "core/ns/netlink.h"

#define LINK_KIND_MAX 16

/* One end of a veth pair. Zero or NULL: left to the kernel. */
struct link_end {
	const char *ifname;
	const uint8_t *mac; /* 6 bytes */
	uint32_t mtu;
	uint32_t group;
	int netns_fd;    /* -1: the socket's own */
	uint32_t master; /* ifindex of a bridge */
};

/* Asks at once: the index of the link, or -ENODEV. The buffer must be empty. */
int link_index(struct netlink *nl, const char *ifname, uint32_t *ret, struct err *e);

/* The same with what it is: "bridge", "veth", "macvlan", …; "" when the kernel does not
 * say. */
int link_kind(struct netlink *nl, const char *ifname, uint32_t *ret,
	      char ret_kind[LINK_KIND_MAX], struct err *e);

/* Its link address. */
int link_mac(struct netlink *nl, const char *ifname, uint8_t ret[6], struct err *e);

/* 1 when the link is there and up, 0 when not, or -errno (-ENODEV). */
int link_is_up(struct netlink *nl, const char *ifname);

/* Asks at once for the link's addresses: at most max of them into ret; how many, or
 * -errno. The buffer must be empty. */
int link_addrs(struct netlink *nl, uint32_t ifindex, struct ip_addr *ret, size_t max);

/* A bridge, up, without spanning tree. An existing one is no error. */
void link_add_bridge(struct netlink *nl, const struct link_end *bridge);
/* A pair; a is up, b is still to be set up (the kernel opens no end whose peer is not
 * linked yet). Existing: -EEXIST. */
void link_add_veth(struct netlink *nl, const struct link_end *a,
		   const struct link_end *b);
/* A link of a kind that needs no word more ("dummy"), up. An existing one is no error. */
void link_add_plain(struct netlink *nl, const char *kind, const struct link_end *link);
/* A macvlan port in bridge mode on the link of that index; up, when in the socket's own
 * namespace. Existing: -EEXIST. */
void link_add_macvlan(struct netlink *nl, uint32_t lower, const struct link_end *port);
/* Makes a link what end says, and moves it; up, when it stays. */
void link_change(struct netlink *nl, uint32_t ifindex, const struct link_end *end);
void link_set_up(struct netlink *nl, uint32_t ifindex);
/* Could a link have that name? */
bool link_is_name(const char *name);
/* Makes it a port of that bridge. */
void link_set_master(struct netlink *nl, uint32_t ifindex, uint32_t master);
/* Needs a message of its own: the port exists only once the link has a master. */
void link_set_isolated(struct netlink *nl, uint32_t ifindex);
/* A link that is not there is no error. */
void link_del(struct netlink *nl, const char *ifname);
/* Existing: no error. IPv6 addresses without duplicate detection. */
void link_add_addr(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a,
		   uint8_t prefix);
/* The same without the route to its subnet. */
void link_add_addr_alone(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a,
			 uint8_t prefix);
/* A route to this one address, which is on the link. */
void link_add_host(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a);
/* Default route by a gateway. */
void link_add_default(struct netlink *nl, uint32_t ifindex,
		      const struct ip_addr *gateway);
/* "local default dev lo table T", and "fwmark M lookup T"; existing: no error. */
void link_add_local_table(struct netlink *nl, sa_family_t family, uint8_t table);
/* "to A ipproto tcp dport P lookup T", before others; existing: no error. */
void link_add_port_rule(struct netlink *nl, const struct ip_addr *a, uint16_t port,
			uint8_t table);
void link_del_port_rule(struct netlink *nl, const struct ip_addr *a, uint16_t port,
			uint8_t table);
/* The rule of the table `local`, which stands before all others, after those by port and
 * those below. */
void link_defer_local(struct netlink *nl, sa_family_t family);
/* "to A ipproto PROTO dport FIRST-LAST blackhole"; existing: no error. */
void link_add_shut_rule(struct netlink *nl, const struct ip_addr *a, uint8_t proto,
			const uint16_t ports[2]);
/* "iif I lookup T". */
void link_add_iif_rule(struct netlink *nl, sa_family_t family, const char *ifname,
		       uint8_t table);
/* "blackhole default": what has no other route is dropped without a word. */
void link_add_blackhole(struct netlink *nl, sa_family_t family);
void link_add_mark_rule(struct netlink *nl, sa_family_t family, uint32_t mark,
			uint8_t table);

#endif
