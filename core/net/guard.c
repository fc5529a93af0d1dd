/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may send into its network.
 *
 * Everything that the realm grants a container goes by its address: the stack knows its
 * tenants by the source of their packets, and with that who may reach the host's
 * loopback; neighbours know each other by ARP and neighbour discovery. With
 * CAP_NET_RAW or CAP_NET_ADMIN a container could say that it is another, or the gateway.
 *
 * So each port has a filter on what comes in by it, made for this one container:
 *   - the link address is the container's; no VLAN tags; IPv4, ARP and IPv6 alone;
 *   - IPv4 comes from its address, and from no DHCP server's port;
 *   - ARP speaks of its address (or of none: probes for duplicates);
 *   - IPv6 comes from its address or from the link-local one that the kernel makes of the
 *     link address; without a source only duplicate detection and multicast reports;
 *   - neighbour discovery in the form that kernels send it, and only for its own
 *     addresses; nothing of a router's (RFC 4861), nor of a DHCPv6 server's;
 *   - extension headers do not hide these (RFC 7113): one at most before ICMPv6, and
 *     never before neighbour discovery (RFC 6980).
 * A nested network inside the container (docker in docker) goes out by NAT with the
 * container's address, and is not concerned.
 *
 * The filter is a classic BPF program at tc's ingress hook. Rules of nf_tables' families
 * `netdev` or `bridge` could say most of it, but not the options of neighbour discovery;
 * they live in tables of the realm, where nobody clears up after a container whose
 * namespace the kernel takes apart (and kernels since 6.16 keep a chain whose device has
 * gone); and realms on kernels without nf_tables are to be guarded too. The filter goes
 * with its device, needs one pass of compiled code, and no right beyond the realm's.
 *
 * A load beyond the frame's end would end the program with 0, which here is "pass": so
 * each part asks for the length that it reads, first. */
#include "core/net/guard.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>

/* Places in the frame. */
#define ETH_SOURCE    6
#define ETH_KIND      12
#define IP_AT         14
#define IP4_SIZE      20
#define IP4_FRAGMENT  (IP_AT + 6)
#define IP4_PROTO     (IP_AT + 9)
#define IP4_SOURCE    (IP_AT + 12)
#define ARP_MAC       (IP_AT + 8)
#define ARP_SOURCE    (IP_AT + 14)
#define ARP_SIZE      28
#define IP6_SIZE      40
#define IP6_LENGTH    (IP_AT + 4)
#define IP6_NEXT      (IP_AT + 6)
#define IP6_SOURCE    (IP_AT + 8)
#define IP6_BODY      (IP_AT + IP6_SIZE)
#define EXT_SIZE      8 /* the least that an extension header has */
#define ND_TARGET     (IP6_BODY + 8)
#define ND_SIZE       24
#define ND_OPTION     (IP6_BODY + ND_SIZE)
#define ND_OPTION_END (ND_OPTION + 8)

#define NEXT_HOP      0
#define NEXT_ROUTING  43
#define NEXT_FRAGMENT 44
#define NEXT_ICMP6    58
#define NEXT_OPTIONS  60
#define NEXT_UDP      17
#define DHCP_SERVER   67
#define DHCP6_SERVER  547
#define ND_FIRST      133
#define ND_SOLICIT    135
#define ND_ADVERT     136
#define ND_LAST       137
#define ND_SOURCE_MAC 0x0101 /* kind and length of an option */
#define ND_TARGET_MAC 0x0201
#define ND_NONCE      0x0e01

#define GUARD_PASS    TC_ACT_OK
#define GUARD_DROP    TC_ACT_SHOT

struct guard_code {
	struct sock_filter *v;
	size_t n;
};

static size_t guard_put(struct guard_code *c, uint16_t code, uint8_t yes, uint8_t no,
			uint32_t k)
{
	c->v[c->n] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
	return c->n++;
}

static void guard_end(struct guard_code *c, uint32_t verdict)
{
	guard_put(c, BPF_RET | BPF_K, 0, 0, verdict);
}

static void guard_load(struct guard_code *c, uint16_t size, uint32_t at)
{
	guard_put(c, BPF_LD | size | BPF_ABS, 0, 0, at);
}

static void guard_alu(struct guard_code *c, uint16_t op, uint32_t k)
{
	guard_put(c, BPF_ALU | op | BPF_K, 0, 0, k);
}

/* What was loaded is k, or the frame is dropped. */
static void guard_only(struct guard_code *c, uint32_t k)
{
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, k);
	guard_end(c, GUARD_DROP);
}

static void guard_never(struct guard_code *c, uint32_t k)
{
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k);
	guard_end(c, GUARD_DROP);
}

/* What stands between the two is for when k was loaded; past them k still is what it was
 * only for the frames that did not go in. */
static size_t guard_if(struct guard_code *c, uint32_t k)
{
	return guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, k);
}

static void guard_fi(struct guard_code *c, size_t begin)
{
	size_t over = c->n - begin - 1;

	/* No jump is cut short in silence: it would lead into the middle of a rule. */
	if (over > UINT8_MAX)
		abort();
	c->v[begin].jf = (uint8_t)over;
}

/* To the instruction that comes next. */
static void guard_here(struct guard_code *c, size_t jump)
{
	c->v[jump].k = (uint32_t)(c->n - jump - 1);
}

/* The same with a verdict at its end. */
static void guard_fi_pass(struct guard_code *c, size_t begin)
{
	guard_end(c, GUARD_PASS);
	guard_fi(c, begin);
}

/* The frame has n bytes. */
static void guard_need(struct guard_code *c, uint32_t n)
{
	guard_put(c, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	guard_put(c, BPF_JMP | BPF_JGE | BPF_K, 1, 0, n);
	guard_end(c, GUARD_DROP);
}

/* The frame has n bytes and as many more as the index register says. It is known to have
 * n. */
static void guard_need_indexed(struct guard_code *c, uint32_t n)
{
	guard_put(c, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	guard_alu(c, BPF_SUB, n);
	guard_put(c, BPF_JMP | BPF_JGE | BPF_X, 1, 0, 0);
	guard_end(c, GUARD_DROP);
}

static uint32_t guard_word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void guard_mac(struct guard_code *c, uint32_t at, const uint8_t mac[6])
{
	guard_load(c, BPF_W, at);
	guard_only(c, guard_word(mac));
	guard_load(c, BPF_H, at + 4);
	guard_only(c, (uint32_t)mac[4] << 8 | mac[5]);
}

/* Jumps to the instruction after the n that follow, when one of the address's words is
 * another. Where these jumps are: ret. */
static size_t guard_address(struct guard_code *c, uint32_t at, const struct ip_addr *a,
			    size_t ret[4])
{
	size_t words = a->family == AF_INET ? 1 : 4;

	for (size_t i = 0; i < words; i++) {
		guard_load(c, BPF_W, at + 4 * (uint32_t)i);
		ret[i] = guard_if(c, guard_word(a->bytes + 4 * i));
	}
	return words;
}

/* The address is one of them (those that are none do not count), or the frame is dropped.
 */
static void guard_one_of(struct guard_code *c, uint32_t at, const struct ip_addr *v,
			 size_t n)
{
	size_t found[2], missed[4], founds = 0;

	for (size_t i = 0; i < n; i++) {
		size_t words;

		if (v[i].family == AF_UNSPEC)
			continue;
		words = guard_address(c, at, &v[i], missed);
		found[founds++] = guard_put(c, BPF_JMP | BPF_JA, 0, 0, 0);
		for (size_t w = 0; w < words; w++)
			guard_fi(c, missed[w]);
	}
	guard_end(c, GUARD_DROP);
	for (size_t i = 0; i < founds; i++)
		guard_here(c, found[i]);
}

/* What goes to one particular neighbour passes. */
static void guard_neighbour(struct guard_code *c, const struct guard *g)
{
	size_t realm[2], one;

	guard_load(c, BPF_B, 0);
	guard_alu(c, BPF_AND, 1); /* to many */
	one = guard_if(c, 0);
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *mac = g->realm[i];
		size_t high, low;

		guard_load(c, BPF_W, 0);
		high = guard_if(c, guard_word(mac));
		guard_load(c, BPF_H, 4);
		low = guard_if(c, (uint32_t)mac[4] << 8 | mac[5]);
		realm[i] = guard_put(c, BPF_JMP | BPF_JA, 0, 0, 0);
		guard_fi(c, high);
		guard_fi(c, low);
	}
	guard_fi_pass(c, one);
	for (size_t i = 0; i < 2; i++)
		guard_here(c, realm[i]);
}

/* What IPv6 has for ARP, and what tells of routers. The realm believes no router. */
static void guard_discovery(struct guard_code *c)
{
	size_t icmp;

	guard_load(c, BPF_B, IP6_NEXT);
	icmp = guard_if(c, NEXT_ICMP6);
	guard_need(c, IP6_BODY + 1);
	guard_load(c, BPF_B, IP6_BODY);
	/* From the first of the kinds to an advertisement. */
	guard_put(c, BPF_JMP | BPF_JGE | BPF_K, 0, 2, ND_FIRST);
	guard_put(c, BPF_JMP | BPF_JGT | BPF_K, 1, 0, ND_ADVERT);
	guard_end(c, GUARD_PASS);
	guard_fi(c, icmp);
}

/* Its own addresses in IPv6: the leased one, and that which its kernel makes of the link
 * address (RFC 4291, modified EUI-64). */
static void guard_own6(struct guard_code *c, uint32_t at, const struct guard *g)
{
	const uint8_t *m = g->mac;
	struct ip_addr own[2] = {
		g->addr6,
		{ .family = AF_INET6,
		  .bytes = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3],
			     m[4], m[5] } },
	};

	guard_one_of(c, at, own, 2);
}

static void guard_four(struct guard_code *c, const struct guard *g)
{
	size_t udp;

	guard_need(c, IP_AT + IP4_SIZE);
	guard_load(c, BPF_B, IP_AT);
	guard_alu(c, BPF_RSH, 4);
	guard_only(c, 4);
	guard_one_of(c, IP4_SOURCE, &g->addr, 1);
	guard_load(c, BPF_B, IP4_PROTO);
	udp = guard_if(c, NEXT_UDP);
	guard_load(c, BPF_H, IP4_FRAGMENT);
	/* Ports are in the first fragment. */
	guard_put(c, BPF_JMP | BPF_JSET | BPF_K, 0, 1, 0x1fff);
	guard_end(c, GUARD_PASS);
	guard_put(c, BPF_LDX | BPF_B | BPF_MSH, 0, 0, IP_AT);
	guard_need_indexed(c, IP_AT + 2);
	guard_put(c, BPF_LD | BPF_H | BPF_IND, 0, 0, IP_AT);
	guard_never(c, DHCP_SERVER);
	guard_fi(c, udp);
	guard_end(c, GUARD_PASS);
}

static void guard_arp(struct guard_code *c, const struct guard *g)
{
	struct ip_addr own[2] = { g->addr, { .family = AF_INET } };

	guard_need(c, IP_AT + ARP_SIZE);
	guard_load(c, BPF_W, IP_AT);
	guard_only(c, 1u << 16 | ETH_P_IP); /* of Ethernet, about IPv4 */
	guard_load(c, BPF_H, IP_AT + 4);
	guard_only(c, 6u << 8 | 4); /* sizes of their addresses */
	guard_mac(c, ARP_MAC, g->mac);
	if (!g->open)
		guard_one_of(c, ARP_SOURCE, own, 2);
	guard_end(c, GUARD_PASS);
}

/* No option, or the one, with the own link address in it. */
static void guard_nd_option(struct guard_code *c, uint32_t kind, const uint8_t mac[6])
{
	size_t none;

	guard_load(c, BPF_H, IP6_LENGTH);
	none = guard_if(c, ND_SIZE);
	guard_fi_pass(c, none);
	guard_only(c, ND_SIZE + 8);
	guard_need(c, ND_OPTION_END);
	guard_load(c, BPF_H, ND_OPTION);
	guard_only(c, kind);
	if (kind != ND_NONCE)
		guard_mac(c, ND_OPTION + 2, mac);
	guard_end(c, GUARD_PASS);
}

static void guard_icmp6(struct guard_code *c, const struct guard *g)
{
	size_t kind;

	guard_need(c, IP6_BODY + 1);
	guard_load(c, BPF_B, IP6_BODY);
	kind = guard_if(c, ND_SOLICIT);
	guard_need(c, IP6_BODY + ND_SIZE);
	guard_nd_option(c, ND_SOURCE_MAC, g->mac);
	guard_fi(c, kind);
	kind = guard_if(c, ND_ADVERT);
	guard_need(c, IP6_BODY + ND_SIZE);
	guard_own6(c, ND_TARGET, g);
	guard_nd_option(c, ND_TARGET_MAC, g->mac);
	guard_fi(c, kind);
	guard_never(c, ND_FIRST);
	guard_never(c, ND_FIRST + 1);
	guard_never(c, ND_LAST);
	guard_end(c, GUARD_PASS);
}

/* A hop-by-hop header is there for multicast reports alone (RFC 3810). */
static void guard_report(struct guard_code *c)
{
	guard_need(c, IP6_BODY + EXT_SIZE + 1);
	guard_load(c, BPF_H, IP6_BODY);
	guard_only(c, NEXT_ICMP6 << 8);
	guard_load(c, BPF_B, IP6_BODY + EXT_SIZE);
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 131);
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 132);
	guard_only(c, 143);
	guard_end(c, GUARD_PASS);
}

/* A packet without a source. */
static void guard_nobody(struct guard_code *c, const struct guard *g)
{
	size_t icmp;

	guard_load(c, BPF_B, IP6_NEXT);
	icmp = guard_if(c, NEXT_ICMP6);
	guard_need(c, IP6_BODY + ND_SIZE);
	guard_load(c, BPF_B, IP6_BODY);
	guard_only(c, ND_SOLICIT);
	guard_own6(c, ND_TARGET, g);
	guard_nd_option(c, ND_NONCE, g->mac);
	guard_fi(c, icmp);
	guard_only(c, NEXT_HOP);
	guard_report(c);
}

/* Behind one extension header there is no other. */
static void guard_last_header(struct guard_code *c)
{
	guard_need(c, IP6_BODY + EXT_SIZE);
	guard_load(c, BPF_B, IP6_BODY);
	guard_never(c, NEXT_HOP);
	guard_never(c, NEXT_ROUTING);
	guard_never(c, NEXT_FRAGMENT);
	guard_never(c, NEXT_OPTIONS);
}

static void guard_extension(struct guard_code *c)
{
	size_t udp;

	guard_last_header(c);
	guard_never(c, NEXT_ICMP6);
	udp = guard_if(c, NEXT_UDP);
	guard_load(c, BPF_B, IP6_BODY + 1);
	guard_alu(c, BPF_LSH, 3);
	guard_alu(c, BPF_ADD, EXT_SIZE);
	guard_put(c, BPF_MISC | BPF_TAX, 0, 0, 0);
	guard_need_indexed(c, IP6_BODY + 2);
	guard_put(c, BPF_LD | BPF_H | BPF_IND, 0, 0, IP6_BODY);
	guard_never(c, DHCP6_SERVER);
	guard_fi(c, udp);
	guard_end(c, GUARD_PASS);
}

static void guard_fragment(struct guard_code *c)
{
	size_t icmp, udp, first;

	guard_last_header(c);
	icmp = guard_if(c, NEXT_ICMP6);
	guard_load(c, BPF_H, IP6_BODY + 2);
	guard_alu(c, BPF_AND, 0xfff8);
	first = guard_if(c, 0);
	guard_need(c, IP6_BODY + EXT_SIZE + 1);
	guard_load(c, BPF_B, IP6_BODY + EXT_SIZE);
	for (uint32_t k = ND_FIRST; k <= ND_LAST; k++)
		guard_never(c, k);
	guard_fi(c, first);
	guard_fi_pass(c, icmp);
	udp = guard_if(c, NEXT_UDP);
	guard_load(c, BPF_H, IP6_BODY + 2);
	guard_alu(c, BPF_AND, 0xfff8);
	first = guard_if(c, 0);
	guard_need(c, IP6_BODY + EXT_SIZE + 2);
	guard_load(c, BPF_H, IP6_BODY + EXT_SIZE);
	guard_never(c, DHCP6_SERVER);
	guard_fi(c, first);
	guard_fi(c, udp);
	guard_end(c, GUARD_PASS);
}

static void guard_six(struct guard_code *c, const struct guard *g)
{
	static const struct ip_addr nobody = { .family = AF_INET6 };
	size_t missed[4], next;

	guard_need(c, IP_AT + IP6_SIZE);
	guard_load(c, BPF_B, IP_AT);
	guard_alu(c, BPF_RSH, 4);
	guard_only(c, 6);
	if (g->open)
		guard_discovery(c);
	guard_address(c, IP6_SOURCE, &nobody, missed);
	guard_nobody(c, g);
	for (size_t w = 0; w < 4; w++)
		guard_fi(c, missed[w]);
	guard_own6(c, IP6_SOURCE, g);
	guard_load(c, BPF_B, IP6_NEXT);
	next = guard_if(c, NEXT_ICMP6);
	guard_icmp6(c, g);
	guard_fi(c, next);
	next = guard_if(c, NEXT_UDP);
	guard_need(c, IP6_BODY + 2);
	guard_load(c, BPF_H, IP6_BODY);
	guard_never(c, DHCP6_SERVER);
	guard_fi_pass(c, next);
	next = guard_if(c, NEXT_HOP);
	guard_report(c);
	guard_fi(c, next);
	next = guard_if(c, NEXT_FRAGMENT);
	guard_fragment(c);
	guard_fi(c, next);
	/* Of these two by one body: the second test jumps over the way out. */
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, NEXT_ROUTING);
	guard_put(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NEXT_OPTIONS);
	guard_end(c, GUARD_PASS);
	guard_extension(c);
}

size_t guard_compile(const struct guard *g, struct sock_filter code[GUARD_CODE_MAX])
{
	struct guard_code c = { .v = code };
	size_t kind;

	guard_load(&c, BPF_W, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT));
	guard_only(&c, 0);
	guard_need(&c, IP_AT);
	guard_mac(&c, ETH_SOURCE, g->mac);
	if (g->open)
		guard_neighbour(&c, g);
	guard_load(&c, BPF_H, ETH_KIND);
	kind = guard_if(&c, ETH_P_IP);
	guard_four(&c, g);
	guard_fi(&c, kind);
	kind = guard_if(&c, ETH_P_ARP);
	guard_arp(&c, g);
	guard_fi(&c, kind);
	guard_only(&c, ETH_P_IPV6);
	guard_six(&c, g);
	return c.n;
}
