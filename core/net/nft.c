/* SPDX-License-Identifier: Apache-2.0 */
/* nf_tables by hand: linux/netfilter/nf_tables.h is the format. Numbers are big-endian,
 * but for data compared with what the kernel holds in host order (marks, groups). */
#include "core/net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* nft's own numbers for the type of a set's key: shown by `nft list`, not used by the
 * kernel. */
#define NFT_TYPE_IPV4 7
#define NFT_TYPE_IPV6 8

static uint16_t nft_type(uint16_t message)
{
	return (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | message);
}

static void nft_mark_batch(struct netlink *nl, uint16_t type)
{
	struct nfgenmsg *m;

	netlink_mark(nl, type);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		m->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

void nft_begin(struct netlink *nl)
{
	nft_mark_batch(nl, NFNL_MSG_BATCH_BEGIN);
}

int nft_commit(struct netlink *nl, struct err *e)
{
	nft_mark_batch(nl, NFNL_MSG_BATCH_END);
	return netlink_commit(nl, e);
}

static void nft_message(struct netlink *nl, const char *what, uint16_t message,
			uint16_t flags)
{
	struct nfgenmsg *m;

	netlink_begin(nl, what, nft_type(message), flags);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		m->nfgen_family = NFPROTO_INET;
}

void nft_add_table(struct netlink *nl, const char *table)
{
	nft_message(nl, "add nft table", NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	netlink_put_str(nl, NFTA_TABLE_NAME, table);
}

void nft_add_prerouting(struct netlink *nl, const char *table, const char *chain,
			int32_t priority)
{
	size_t hook;

	nft_message(nl, "add nft chain", NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_put_str(nl, NFTA_CHAIN_TABLE, table);
	netlink_put_str(nl, NFTA_CHAIN_NAME, chain);
	netlink_put_str(nl, NFTA_CHAIN_TYPE, "filter");
	hook = netlink_nest(nl, NFTA_CHAIN_HOOK);
	netlink_put_be32(nl, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
	netlink_put_be32(nl, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	netlink_nest_end(nl, hook);
	netlink_put_be32(nl, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

void nft_add_addr_set(struct netlink *nl, const char *table, const char *set,
		      sa_family_t family)
{
	bool four = family == AF_INET;

	nft_message(nl, "add nft set", NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_put_str(nl, NFTA_SET_TABLE, table);
	netlink_put_str(nl, NFTA_SET_NAME, set);
	netlink_put_be32(nl, NFTA_SET_KEY_TYPE, four ? NFT_TYPE_IPV4 : NFT_TYPE_IPV6);
	netlink_put_be32(nl, NFTA_SET_KEY_LEN, four ? 4 : 16);
	netlink_put_be32(nl, NFTA_SET_ID, four ? 4 : 6);
}

static void nft_element(struct netlink *nl, const char *table, const char *set,
			const struct ip_addr *a)
{
	size_t list, elem, key;

	netlink_put_str(nl, NFTA_SET_ELEM_LIST_TABLE, table);
	netlink_put_str(nl, NFTA_SET_ELEM_LIST_SET, set);
	list = netlink_nest(nl, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = netlink_nest(nl, NFTA_LIST_ELEM);
	key = netlink_nest(nl, NFTA_SET_ELEM_KEY);
	netlink_put(nl, NFTA_DATA_VALUE, a->bytes, a->family == AF_INET ? 4 : 16);
	netlink_nest_end(nl, key);
	netlink_nest_end(nl, elem);
	netlink_nest_end(nl, list);
}

void nft_add_element(struct netlink *nl, const char *table, const char *set,
		     const struct ip_addr *a)
{
	nft_message(nl, "add to nft set", NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	nft_element(nl, table, set, a);
}

void nft_del_element(struct netlink *nl, const char *table, const char *set,
		     const struct ip_addr *a)
{
	nft_message(nl, "delete from nft set", NFT_MSG_DELSETELEM, 0);
	netlink_tolerate(nl, -ENOENT);
	nft_element(nl, table, set, a);
}

void nft_rule(struct nft_rule *r, struct netlink *nl, const char *table,
	      const char *chain)
{
	nft_message(nl, "add nft rule", NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_put_str(nl, NFTA_RULE_TABLE, table);
	netlink_put_str(nl, NFTA_RULE_CHAIN, chain);
	r->nl = nl;
	r->list = netlink_nest(nl, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft_rule *r)
{
	netlink_nest_end(r->nl, r->list);
}

struct nft_expr {
	size_t elem, data;
};

static struct nft_expr nft_expr(struct nft_rule *r, const char *name)
{
	struct nft_expr x;

	x.elem = netlink_nest(r->nl, NFTA_LIST_ELEM);
	netlink_put_str(r->nl, NFTA_EXPR_NAME, name);
	x.data = netlink_nest(r->nl, NFTA_EXPR_DATA);
	return x;
}

static void nft_expr_end(struct nft_rule *r, const struct nft_expr *x)
{
	netlink_nest_end(r->nl, x->data);
	netlink_nest_end(r->nl, x->elem);
}

static void nft_value(struct nft_rule *r, uint16_t attr, const void *v, size_t n)
{
	size_t data = netlink_nest(r->nl, attr);

	netlink_put(r->nl, NFTA_DATA_VALUE, v, n);
	netlink_nest_end(r->nl, data);
}

static void nft_cmp(struct nft_rule *r, uint32_t op, const void *v, size_t n)
{
	struct nft_expr x = nft_expr(r, "cmp");

	netlink_put_be32(r->nl, NFTA_CMP_SREG, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_CMP_OP, op);
	nft_value(r, NFTA_CMP_DATA, v, n);
	nft_expr_end(r, &x);
}

static void nft_load_transport(struct nft_rule *r, uint32_t offset)
{
	struct nft_expr x = nft_expr(r, "payload");

	netlink_put_be32(r->nl, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_OFFSET, offset);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_LEN, 1);
	nft_expr_end(r, &x);
}

void nft_match_meta(struct nft_rule *r, uint32_t key, uint32_t op, const void *v,
		    size_t n)
{
	struct nft_expr x = nft_expr(r, "meta");

	netlink_put_be32(r->nl, NFTA_META_KEY, key);
	netlink_put_be32(r->nl, NFTA_META_DREG, NFT_REG_1);
	nft_expr_end(r, &x);
	nft_cmp(r, op, v, n);
}

void nft_match_family(struct nft_rule *r, sa_family_t family)
{
	uint8_t v = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;

	nft_match_meta(r, NFT_META_NFPROTO, NFT_CMP_EQ, &v, 1);
}

void nft_match_proto(struct nft_rule *r, uint8_t proto)
{
	nft_match_meta(r, NFT_META_L4PROTO, NFT_CMP_EQ, &proto, 1);
}

void nft_match_daddr(struct nft_rule *r, sa_family_t family, const char *set)
{
	bool four = family == AF_INET;
	struct nft_expr x = nft_expr(r, "payload");

	netlink_put_be32(r->nl, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_OFFSET, four ? 16 : 24);
	netlink_put_be32(r->nl, NFTA_PAYLOAD_LEN, four ? 4 : 16);
	nft_expr_end(r, &x);
	x = nft_expr(r, "lookup");
	netlink_put_str(r->nl, NFTA_LOOKUP_SET, set);
	netlink_put_be32(r->nl, NFTA_LOOKUP_SREG, NFT_REG_1);
	nft_expr_end(r, &x);
}

void nft_match_transport(struct nft_rule *r, uint32_t offset, uint8_t mask, uint32_t op,
			 uint8_t value)
{
	static const uint8_t zero;
	struct nft_expr x;

	nft_load_transport(r, offset);
	x = nft_expr(r, "bitwise");
	netlink_put_be32(r->nl, NFTA_BITWISE_SREG, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_BITWISE_DREG, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_BITWISE_LEN, 1);
	nft_value(r, NFTA_BITWISE_MASK, &mask, 1);
	nft_value(r, NFTA_BITWISE_XOR, &zero, 1);
	nft_expr_end(r, &x);
	nft_cmp(r, op, &value, 1);
}

void nft_match_type(struct nft_rule *r, uint8_t low, uint8_t high)
{
	nft_load_transport(r, 0);
	nft_cmp(r, NFT_CMP_GTE, &low, 1);
	nft_cmp(r, NFT_CMP_LTE, &high, 1);
}

static void nft_immediate(struct nft_rule *r, uint32_t reg, const void *v, size_t n)
{
	struct nft_expr x = nft_expr(r, "immediate");

	netlink_put_be32(r->nl, NFTA_IMMEDIATE_DREG, reg);
	nft_value(r, NFTA_IMMEDIATE_DATA, v, n);
	nft_expr_end(r, &x);
}

void nft_set_mark(struct nft_rule *r, uint32_t mark)
{
	struct nft_expr x;

	nft_immediate(r, NFT_REG_1, &mark, sizeof(mark));
	x = nft_expr(r, "meta");
	netlink_put_be32(r->nl, NFTA_META_KEY, NFT_META_MARK);
	netlink_put_be32(r->nl, NFTA_META_SREG, NFT_REG_1);
	nft_expr_end(r, &x);
}

void nft_tproxy(struct nft_rule *r, const struct ip_addr *to, uint16_t port)
{
	bool four = to->family == AF_INET;
	uint16_t be = htons(port);
	struct nft_expr x;

	nft_immediate(r, NFT_REG_1, to->bytes, four ? 4 : 16);
	nft_immediate(r, NFT_REG_2, &be, sizeof(be));
	x = nft_expr(r, "tproxy");
	netlink_put_be32(r->nl, NFTA_TPROXY_FAMILY, four ? NFPROTO_IPV4 : NFPROTO_IPV6);
	netlink_put_be32(r->nl, NFTA_TPROXY_REG_ADDR, NFT_REG_1);
	netlink_put_be32(r->nl, NFTA_TPROXY_REG_PORT, NFT_REG_2);
	nft_expr_end(r, &x);
}

void nft_verdict(struct nft_rule *r, int32_t verdict)
{
	struct nft_expr x = nft_expr(r, "immediate");
	size_t data, code;

	netlink_put_be32(r->nl, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(r->nl, NFTA_IMMEDIATE_DATA);
	code = netlink_nest(r->nl, NFTA_DATA_VERDICT);
	netlink_put_be32(r->nl, NFTA_VERDICT_CODE, (uint32_t)verdict);
	netlink_nest_end(r->nl, code);
	netlink_nest_end(r->nl, data);
	nft_expr_end(r, &x);
}
