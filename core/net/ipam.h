/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: subnets that collide with nothing of the host, and leases inside one. Pure
 * but for ipam_host_routes. IPv4 and IPv6 in one struct. */
#ifndef NET_IPAM_H
#define NET_IPAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/base/err.h"

#define IPAM_TEXT_MAX 64

struct ip_addr {
	sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
	uint8_t bytes[16];  /* network order; the first 4 for AF_INET */
};

struct ip_subnet {
	struct ip_addr addr;
	uint8_t prefix; /* bits */
};

int ipam_parse_addr(const char *text, struct ip_addr *ret);
int ipam_parse_subnet(const char *text, struct ip_subnet *ret); /* "172.17.0.0/16" */
char *ipam_addr_text(char dst[IPAM_TEXT_MAX], const struct ip_addr *a);
char *ipam_subnet_text(char dst[IPAM_TEXT_MAX], const struct ip_subnet *s);
bool ipam_contains(const struct ip_subnet *s, const struct ip_addr *a);
bool ipam_overlap(const struct ip_subnet *a, const struct ip_subnet *b);
bool ipam_addr_eq(const struct ip_addr *a, const struct ip_addr *b);
/* The n-th address of the subnet (1 = first host). -ERANGE past its end. */
int ipam_nth(const struct ip_subnet *s, uint64_t n, struct ip_addr *ret);
/* First free IPv4 subnet of docker's pools (172.17.0.0/16 … 172.31/16, 192.168.x.0/20)
 * that overlaps none of used. */
int ipam_pick_subnet(const struct ip_subnet *used, size_t n, struct ip_subnet *ret,
		     struct err *e);
/* A /64 of a unique local prefix (RFC 4193) drawn by lot, that overlaps none of used. */
int ipam_pick_subnet6(const struct ip_subnet *used, size_t n, struct ip_subnet *ret,
		      struct err *e);
/* The subnet without the bits beyond its prefix. */
struct ip_subnet ipam_masked(const struct ip_subnet *s);
/* What addresses are handed out from: a subnet, or (range not AF_UNSPEC) a part of it. */
struct ipam_pool {
	struct ip_subnet subnet, range;
};
/* First address of the pool that a host may have, is not in used, and is not the subnet's
 * first (unless there is a range), which is the gateway's. */
int ipam_pick_addr(const struct ipam_pool *p, const struct ip_addr *used, size_t n,
		   struct ip_addr *ret, struct err *e);
/* Subnets of the calling process's routes and resolvers; *ret malloc'd. */
int ipam_host_routes(struct ip_subnet **ret, size_t *ret_len, struct err *e);
/* 02:42 + the IPv4 address, as Docker's; or from random bytes. */
void ipam_mac(const struct ip_addr *a, uint8_t ret[6]);

#endif
