/* SPDX-License-Identifier: Apache-2.0 */
/* nf_tables by hand: tables, chains, sets, and rules as lists of expressions, added to a
 * netlink buffer as one transaction. Family inet throughout. */
#ifndef NET_NFT_H
#define NET_NFT_H

#include <stddef.h>
#include <stdint.h>

#include "core/net/ipam.h"
#include "core/ns/netlink.h"

#define NFT_DROP   0
#define NFT_ACCEPT 1

/* A transaction: everything between takes effect together, or nothing. */
void nft_begin(struct netlink *nl);
int nft_commit(struct netlink *nl, struct err *e);

/* An existing table is -EEXIST. */
void nft_add_table(struct netlink *nl, const char *table);
/* A filter chain on the prerouting hook. */
void nft_add_prerouting(struct netlink *nl, const char *table, const char *chain,
			int32_t priority);
/* A set of addresses of one family. */
void nft_add_addr_set(struct netlink *nl, const char *table, const char *set,
		      sa_family_t family);
/* Adding what is there, or taking what is not, is no error (but a transaction that takes
 * what is not there does nothing else either). */
void nft_add_element(struct netlink *nl, const char *table, const char *set,
		     const struct ip_addr *a);
void nft_del_element(struct netlink *nl, const char *table, const char *set,
		     const struct ip_addr *a);

/* A rule under construction: nft_rule, then expressions in order, then nft_rule_end. The
 * matches end the rule when they do not hold. */
struct nft_rule {
	struct netlink *nl;
	size_t list;
};
void nft_rule(struct nft_rule *r, struct netlink *nl, const char *table,
	      const char *chain);
void nft_rule_end(struct nft_rule *r);
/* key: NFT_META_…; n bytes as they stand in memory. op: NFT_CMP_EQ, NFT_CMP_NEQ. */
void nft_match_meta(struct nft_rule *r, uint32_t key, uint32_t op, const void *v,
		    size_t n);
void nft_match_family(struct nft_rule *r, sa_family_t family);
void nft_match_proto(struct nft_rule *r, uint8_t proto);
/* Destination address in the set. */
void nft_match_daddr(struct nft_rule *r, sa_family_t family, const char *set);
/* One byte of the transport header: (byte & mask) op value. */
void nft_match_transport(struct nft_rule *r, uint32_t offset, uint8_t mask, uint32_t op,
			 uint8_t value);
/* First byte of the transport header within [low, high]. */
void nft_match_type(struct nft_rule *r, uint8_t low, uint8_t high);
void nft_set_mark(struct nft_rule *r, uint32_t mark);
void nft_tproxy(struct nft_rule *r, const struct ip_addr *to, uint16_t port);
/* NFT_DROP, NFT_ACCEPT: the kernel's NF_ values, whose header clashes with libc's. */
void nft_verdict(struct nft_rule *r, int32_t verdict);

#endif
