/* SPDX-License-Identifier: Apache-2.0 */
/* A network's bridge in the realm's network namespace, and the rules common to all.
 *
 * Theory of operation. Everything that a container sends off its own subnet reaches its
 * bridge as the gateway. There, before routing, the one nft chain decides:
 *   - a TCP packet that is not the first of a connection is marked; marked packets look
 * up a table that holds nothing but "local default", so they are delivered to the stack's
 *     sockets, which are bound to foreign addresses (IP_TRANSPARENT);
 *   - to a gateway's own address: passed on (the resolver listens there, and nothing
 *     else);
 *   - the first packet of a TCP connection is dropped: the stack has a copy (hold.c) and
 *     sends it again, into hold1, once the host has answered;
 *   - UDP goes to the stack's transparent socket for it;
 *   - IPv6 neighbour discovery is passed on; everything else is dropped.
 * What comes out of hold0 is such a SYN and is handed to the stack's transparent
 * listener. Bridges and hold0 are known to the chain by their interface group, so that a
 * new network needs no rule of its own but its gateway in a set.
 *
 * Kernels that lack something take one of two other paths, found by trying when the realm
 * is made. Without nf_tables or its tproxy (minimal kernels of VMs and appliances: the
 * commonest lack) there are no rules at all: the realm forwards nothing, so what is not
 * for a gateway is dropped by the routing itself, and doors (door.h) let in what the
 * stack has answered for. NAT (redirect and SO_ORIGINAL_DST) would need conntrack and
 * nft_nat, which come and go with the same modules. Without AF_PACKET (some sandboxes)
 * the same chain hands the first packet to the listener at once. Without bridge or veth
 * the links are another's (segment.c): the realm's pair says so, being of them too when
 * there is no veth. */
#include "core/net/bridge_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/link.h"
#include "core/net/nft.h"
#include "core/net/segment.h"
#include "core/net/tap.h"
#include "core/net/way.h"

#define BRIDGE_GROUP     0x726cu
#define BRIDGE_MARK      0x726cu
#define BRIDGE_ADDRS_MAX 8
/* iptables' mangle: before routing, after defragmentation. */
#define BRIDGE_HOOK_PRIORITY (-150)

#define TCP_FLAGS_AT         13
#define TCP_SYN              0x02
#define TCP_ACK              0x10
#define ND_LOW               133 /* router solicitation … */
#define ND_HIGH              137 /* … redirect */

#define TABLE                "rootless"
#define CHAIN                "in"
#define SET4                 "gateway4"
#define SET6                 "gateway6"

/* Paths below /proc/sys/net. What a host lacks (no IPv6, no br_netfilter) is passed over.
 */
static const char *const bridge_sysctls[][2] = {
	{ "ipv4/ip_forward", "0" },
	{ "ipv4/conf/all/rp_filter", "0" },
	{ "ipv4/conf/default/rp_filter", "0" },
	{ "ipv4/conf/lo/rp_filter", "0" },
	{ "ipv4/conf/all/arp_ignore", "1" },
	{ "ipv4/conf/all/send_redirects", "0" },
	{ "ipv4/conf/default/send_redirects", "0" },
	{ "ipv4/ip_local_port_range", "1024 65535" },
	{ "ipv4/tcp_tw_reuse", "1" },
	{ "ipv4/tcp_max_syn_backlog", "8192" },
	{ "ipv4/tcp_slow_start_after_idle", "0" },
	/* Their connections end on this host: nothing to pace for (as bbr would). */
	{ "ipv4/tcp_congestion_control", "reno" },
	{ "core/somaxconn", "8192" },
	{ "ipv6/conf/all/forwarding", "0" },
	{ "ipv6/conf/all/accept_ra", "0" },
	{ "ipv6/conf/default/accept_ra", "0" },
	{ "ipv6/conf/all/accept_dad", "0" },
	{ "ipv6/conf/default/accept_dad", "0" },
	{ "ipv6/conf/default/addr_gen_mode", "1" },
	/* Bridged packets must not pass the chain as if they were routed. */
	{ "bridge/bridge-nf-call-iptables", "0" },
	{ "bridge/bridge-nf-call-ip6tables", "0" },
	{ "bridge/bridge-nf-call-arptables", "0" },
};

static int bridge_set_sysctls(struct err *e)
{
	autoclose int dir = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "open '/proc/sys/net'");
	for (size_t i = 0; i < ARRAY_LEN(bridge_sysctls); i++) {
		const char *name = bridge_sysctls[i][0];
		int rc = file_write_small(dir, name, bridge_sysctls[i][1]);

		if (rc && rc != -ENOENT)
			return err_code(e, rc, "set sysctl 'net/%s'", name);
	}
	return 0;
}

static void bridge_match_group(struct nft_rule *r, uint32_t op, uint32_t group)
{
	nft_match_meta(r, NFT_META_IIFGROUP, op, &group, sizeof(group));
}

/* Packets of connections under way: the hot rule, first. */
static void bridge_rule_established(struct netlink *nl)
{
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	bridge_match_group(&r, NFT_CMP_EQ, BRIDGE_GROUP);
	nft_match_proto(&r, IPPROTO_TCP);
	nft_match_transport(&r, TCP_FLAGS_AT, TCP_SYN | TCP_ACK, NFT_CMP_NEQ, TCP_SYN);
	nft_set_mark(&r, BRIDGE_MARK);
	nft_verdict(&r, NFT_ACCEPT);
	nft_rule_end(&r);
}

static void bridge_rule_tproxy(struct netlink *nl, uint32_t group, uint8_t proto,
			       sa_family_t family)
{
	struct ip_addr four = { .family = AF_INET, .bytes = { 127, 0, 0, 1 } };
	struct ip_addr six = { .family = AF_INET6, .bytes = { [15] = 1 } };
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	bridge_match_group(&r, NFT_CMP_EQ, group);
	nft_match_family(&r, family);
	nft_match_proto(&r, proto);
	nft_tproxy(&r, family == AF_INET ? &four : &six, BRIDGE_STACK_PORT);
	nft_set_mark(&r, BRIDGE_MARK);
	nft_verdict(&r, NFT_ACCEPT);
	nft_rule_end(&r);
}

static void bridge_rule_foreign(struct netlink *nl)
{
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	bridge_match_group(&r, NFT_CMP_NEQ, BRIDGE_GROUP);
	nft_verdict(&r, NFT_ACCEPT);
	nft_rule_end(&r);
}

static void bridge_rule_gateway(struct netlink *nl, sa_family_t family)
{
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	nft_match_family(&r, family);
	nft_match_daddr(&r, family, family == AF_INET ? SET4 : SET6);
	nft_verdict(&r, NFT_ACCEPT);
	nft_rule_end(&r);
}

static void bridge_rule_neighbours(struct netlink *nl)
{
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	nft_match_family(&r, AF_INET6);
	nft_match_proto(&r, IPPROTO_ICMPV6);
	nft_match_type(&r, ND_LOW, ND_HIGH);
	nft_verdict(&r, NFT_ACCEPT);
	nft_rule_end(&r);
}

static void bridge_rule_rest(struct netlink *nl)
{
	struct nft_rule r;

	nft_rule(&r, nl, TABLE, CHAIN);
	nft_verdict(&r, NFT_DROP);
	nft_rule_end(&r);
}

/* The whole table in one transaction: when it exists, everything in it does. */
static int bridge_add_rules(bool six, bool held, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	int rc = netlink_open(nl, NETLINK_NETFILTER, e);

	if (rc)
		return rc;
	nft_begin(nl);
	nft_add_table(nl, TABLE);
	nft_add_prerouting(nl, TABLE, CHAIN, BRIDGE_HOOK_PRIORITY);
	nft_add_addr_set(nl, TABLE, SET4, AF_INET);
	nft_add_addr_set(nl, TABLE, SET6, AF_INET6);
	bridge_rule_established(nl);
	bridge_rule_tproxy(nl, BRIDGE_PAIR_GROUP, IPPROTO_TCP, AF_INET);
	if (six)
		bridge_rule_tproxy(nl, BRIDGE_PAIR_GROUP, IPPROTO_TCP, AF_INET6);
	bridge_rule_foreign(nl);
	bridge_rule_gateway(nl, AF_INET);
	bridge_rule_gateway(nl, AF_INET6);
	bridge_rule_tproxy(nl, BRIDGE_GROUP, IPPROTO_UDP, AF_INET);
	if (six)
		bridge_rule_tproxy(nl, BRIDGE_GROUP, IPPROTO_UDP, AF_INET6);
	if (!held)
		bridge_rule_tproxy(nl, BRIDGE_GROUP, IPPROTO_TCP, AF_INET);
	if (!held && six)
		bridge_rule_tproxy(nl, BRIDGE_GROUP, IPPROTO_TCP, AF_INET6);
	bridge_rule_neighbours(nl);
	bridge_rule_rest(nl);
	rc = nft_commit(nl, e);
	netlink_done(nl);
	return rc;
}

/* Also where the kernel has no IPv6 these rules must stand. */
static int bridge_add_table(bool held, struct err *e)
{
	struct err six = { 0 };
	int rc = bridge_add_rules(true, held, &six);

	if (rc == 0 || rc == -EEXIST)
		return 0;
	rc = bridge_add_rules(false, held, e);
	return rc == -EEXIST ? 0 : rc;
}

/* Where no chain drops what is not for a gateway, the routing has to, and the pair's
 * packets are known by their interface. */
static int bridge_add_doors(struct netlink *nl, struct err *e)
{
	const char *in = bridge_pair(BRIDGE_DOORS, false);
	int rc;

	link_add_iif_rule(nl, AF_INET, in, BRIDGE_TABLE);
	link_add_blackhole(nl, AF_INET);
	rc = netlink_commit(nl, e);
	if (rc)
		return rc;
	link_add_iif_rule(nl, AF_INET6, in, BRIDGE_TABLE);
	link_add_blackhole(nl, AF_INET6);
	netlink_commit(nl, NULL);
	return 0;
}

static bool bridge_has_packets(struct err *e)
{
	autoclose int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err_sys(e, "AF_PACKET sockets");
	return fd >= 0;
}

/* Tries; what was tried in vain leaves nothing. only: BRIDGE_PATHS is any. */
static int bridge_choose(struct netlink *nl, int only, struct err *e)
{
	struct err packets = { 0 }, rules = { 0 };
	bool held = only != BRIDGE_BARE && bridge_has_packets(&packets);
	int rc = only == BRIDGE_DOORS ? -EOPNOTSUPP : bridge_add_table(held, &rules);

	if (rc == 0 && held)
		return BRIDGE_TPROXY;
	if (rc == 0 && only != BRIDGE_TPROXY)
		return BRIDGE_BARE;
	if (held && (only == BRIDGE_PATHS || only == BRIDGE_DOORS)) {
		rc = bridge_add_doors(nl, e);
		return rc ? rc : BRIDGE_DOORS;
	}
	return err_set(e, -EOPNOTSUPP,
		       "this kernel lacks what bridged networks need: AF_PACKET (%s), or "
		       "nf_tables with tproxy (%s): as root, modprobe af_packet, or "
		       "nft_tproxy; containers with --network host or none work as it is",
		       bridge_why(&packets), bridge_why(&rules));
}

static int bridge_add_routing(struct netlink *nl, struct err *e)
{
	int rc;

	link_set_up(nl, 1);
	link_add_local_table(nl, AF_INET, BRIDGE_TABLE);
	link_add_mark_rule(nl, AF_INET, BRIDGE_MARK, BRIDGE_TABLE);
	rc = netlink_commit(nl, e);
	if (rc)
		return rc;
	/* Without IPv6 in the kernel these are refused, and not needed. */
	link_add_local_table(nl, AF_INET6, BRIDGE_TABLE);
	link_add_mark_rule(nl, AF_INET6, BRIDGE_MARK, BRIDGE_TABLE);
	netlink_commit(nl, NULL);
	return 0;
}

/* The pair comes last: that it is up says that the rest is there. The path. */
static int bridge_realm_make(struct netlink *nl, const struct way *only, struct err *e)
{
	uint32_t index;
	int path, rc;

	rc = bridge_set_sysctls(e);
	if (!rc)
		rc = bridge_add_routing(nl, e);
	path = rc ? rc : bridge_choose(nl, only->path, e);
	if (path < 0)
		return path;
	rc = bridge_pair_up(nl, path, only->fabric, e);
	if (!rc)
		rc = link_index(nl, bridge_pair((enum bridge_path)path, false), &index,
				e);
	if (rc)
		return rc;
	link_set_up(nl, index);
	rc = netlink_commit(nl, e);
	return rc ? rc : path;
}

int bridge_realm_take(const char *only, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	struct way wish;
	int rc = way_parse(only, &wish);

	if (rc)
		return err_set(e, rc, "there is no network path '%s'", only);
	rc = netlink_open(nl, NETLINK_ROUTE, e);
	if (rc)
		return rc;
	rc = bridge_pair_taken(nl);
	if (rc < 0)
		rc = bridge_realm_make(nl, &wish, e);
	netlink_done(nl);
	return rc < 0 ? err_wrap(e, "prepare the network") : rc;
}

int bridge_realm_up(struct err *e)
{
	return bridge_realm_take(NULL, e);
}

enum guard_way bridge_guard(enum bridge_path path)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	enum guard_way way = GUARD_FILTER;

	if (netlink_open(nl, NETLINK_ROUTE, NULL) == 0)
		way = guard_try(nl, bridge_pair(path, true));
	netlink_done(nl);
	return way;
}

/* Without a chain there is no set of gateways: none is needed then. */
static bool bridge_has_chain(struct netlink *nl)
{
	return link_is_up(nl, bridge_pair(BRIDGE_DOORS, false)) != 1;
}

static int bridge_gateways(const struct bridge *b, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	int rc = netlink_open(nl, NETLINK_NETFILTER, e);

	if (rc)
		return rc;
	nft_begin(nl);
	nft_add_element(nl, TABLE, SET4, &b->gateway);
	if (b->gateway6.family == AF_INET6)
		nft_add_element(nl, TABLE, SET6, &b->gateway6);
	rc = nft_commit(nl, e);
	netlink_done(nl);
	return rc;
}

static int bridge_try_link(struct netlink *nl, int fabric, const struct link_end *end,
			   struct err *e)
{
	if (fabric == BRIDGE_MACVLAN)
		return segment_up(nl, end, e);
	if (fabric == BRIDGE_TAPS)
		return tap_up(nl, end, e);
	link_add_bridge(nl, end);
	return netlink_commit(nl, e);
}

/* A realm whose pair is not of veth has none: a bridge would be of no use. Who was here
 * before has left the link, of the one kind or the other. */
static int bridge_add_link(struct netlink *nl, const struct link_end *end, struct err *e)
{
	struct err why[BRIDGE_FABRICS] = { 0 };
	int rc = -EOPNOTSUPP;

	for (int i = bridge_pair_fabric(nl, NULL); i < BRIDGE_FABRICS && rc; i++)
		rc = bridge_try_link(nl, i, end, &why[i]);
	return rc ? bridge_lacks_links(why, rc, e) : 0;
}

/* The gateway's addresses. A link-local one too: to ask for a neighbour on behalf of a
 * socket that bears a foreign address the kernel takes it as the question's source, and
 * without it does not ask (for IPv4 it takes any of the link). */
static void bridge_add_addrs(const struct bridge *b, struct netlink *nl, uint32_t index)
{
	static const struct ip_addr link = { .family = AF_INET6,
					     .bytes = { 0xfe, 0x80, [15] = 1 } };

	link_add_addr(nl, index, &b->gateway, b->subnet.prefix);
	if (b->gateway6.family != AF_INET6)
		return;
	link_add_addr(nl, index, &b->gateway6, b->subnet6.prefix);
	link_add_addr(nl, index, &link, 64);
}

static int bridge_make(const struct bridge *b, struct netlink *nl, struct err *e)
{
	struct link_end end = {
		.ifname = b->ifname, .group = BRIDGE_GROUP, .mtu = b->mtu, .netns_fd = -1
	};
	char name[80];
	uint8_t mac[6];
	uint32_t index;
	int rc;

	/* Else the bridge would take each new port's address in turn, and the containers'
	 * neighbour tables would go stale. */
	ipam_mac(&b->gateway, mac);
	end.mac = mac;
	rc = bridge_add_link(nl, &end, e);
	if (!rc)
		rc = link_index(nl, b->ifname, &index, e);
	if (rc)
		return rc;
	str_print(name, sizeof(name), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		  b->ifname);
	file_write_small(AT_FDCWD, name, b->gateway6.family == AF_INET6 ? "0" : "1");
	bridge_add_addrs(b, nl, index);
	rc = netlink_commit(nl, e);
	return rc || !bridge_has_chain(nl) ? rc : bridge_gateways(b, e);
}

int bridge_up(const struct bridge *b, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	int rc = netlink_open(nl, NETLINK_ROUTE, e);

	if (rc)
		return rc;
	rc = bridge_make(b, nl, e);
	if (!rc)
		rc = bridge_pair_fabric(nl, b->ifname);
	netlink_done(nl);
	return rc < 0 ? err_wrap(e, "bridge '%s'", b->ifname) : rc;
}

/* Takes the bridge's addresses out of the set of gateways: another network may have them
 * as its containers' some day. */
static void bridge_forget(struct netlink *nl, const char *ifname)
{
	autofree struct netlink *nft = mem_new(struct netlink);
	struct ip_addr addrs[BRIDGE_ADDRS_MAX];
	uint32_t index;
	int n = 0;

	if (link_index(nl, ifname, &index, NULL) == 0)
		n = link_addrs(nl, index, addrs, BRIDGE_ADDRS_MAX);
	if (n <= 0 || !bridge_has_chain(nl) ||
	    netlink_open(nft, NETLINK_NETFILTER, NULL) != 0)
		return;
	for (int i = 0; i < n; i++) {
		nft_begin(nft);
		nft_del_element(nft, TABLE, addrs[i].family == AF_INET ? SET4 : SET6,
				&addrs[i]);
		nft_commit(nft, NULL);
	}
	netlink_done(nft);
}

int bridge_down(const char *ifname, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	int rc = netlink_open(nl, NETLINK_ROUTE, e);

	if (rc)
		return rc;
	bridge_forget(nl, ifname);
	if (segment_is(nl, ifname))
		segment_down(nl, ifname, NULL);
	link_del(nl, ifname);
	rc = netlink_commit(nl, e);
	netlink_done(nl);
	return rc ? err_wrap(e, "bridge '%s'", ifname) : 0;
}
