/* SPDX-License-Identifier: Apache-2.0 */
/* doctor's probes of the network: what the realm is made of, and what the host lets an
 * ordinary user do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/engine/doctor.h"
#include "core/net/bridge.h"
#include "core/net/guard.h"
#include "core/net/link.h"
#include "core/net/nft.h"
#include "core/net/segment.h"
#include "core/net/tap.h"
#include "core/net/way.h"

#define SAY(field, ...) str_print(row->field, sizeof(row->field), __VA_ARGS__)
#define NO_BRIDGE       "--network none and --network host"

/* Enters fresh namespaces and opens netlink there. */
static int enter(struct netlink *nl, int protocol, struct err *e)
{
	int r = doctor_enter(CLONE_NEWNET);

	nl->fd = -1;
	return r < 0 ? err_code(e, r, "a network namespace")
		     : netlink_open(nl, protocol, e);
}

#define BY_DOORS \
	"bridged networks by a slower path (doors); visitors appear as the gateway"
#define BY_MACVLAN \
	"bridged networks by macvlan ports, which cannot be kept from " \
	"each other (icc=false)"
#define BY_TAPS "bridged networks by taps and a process that hands packets on, slower"
#define BY_BARE \
	"bridged networks by a simpler path (bare): accepted first, no ping outside"

static void judge_part(struct doctor_row *row, int r, const struct err *e,
		       const char *module, const char *still)
{
	char fix[160];

	if (r < 0 && e->text[0])
		SAY(answer, "%s", e->text);
	str_print(
		fix, sizeof(fix),
		"as root: modprobe %s (and name it in /etc/modules-load.d), or a kernel "
		"that has it",
		module);
	doctor_judge(row, r, still ? DOCTOR_REDUCED : DOCTOR_MISSING, fix,
		     still ? still : NO_BRIDGE);
}

static void judge_net(struct doctor_row *row, int r, const struct err *e,
		      const char *module)
{
	judge_part(row, r, e, module, NULL);
}

/* Bridge or veth; nl stands in the namespace where that was tried. */
static void judge_fabric(struct doctor_row *row, int r, struct netlink *nl,
			 const struct err *e)
{
	struct link_end port = { .ifname = "probe2", .netns_fd = -1 };
	const char *still = NULL;

	if (r < 0 && nl->fd >= 0 && segment_up(nl, &port, NULL) == 0)
		still = BY_MACVLAN;
	else if (r < 0 && nl->fd >= 0 && tap_up(nl, &port, NULL) == 0)
		still = BY_TAPS;
	judge_part(row, r, e, row->name, still);
}

/* A pair in fresh namespaces, of which one end is "probe0". */
static int enter_pair(struct netlink *nl, struct err *e)
{
	struct link_end a = { .ifname = "probe0", .netns_fd = -1 };
	struct link_end b = { .ifname = "probe1", .netns_fd = -1 };
	int r = enter(nl, NETLINK_ROUTE, e);

	if (r < 0)
		return r;
	link_add_veth(nl, &a, &b);
	return netlink_commit(nl, e);
}

static void probe_veth(struct doctor_row *row)
{
	struct netlink nl;
	struct err e = { 0 };
	int r;

	SAY(tried, "a veth pair in a network namespace of one's own");
	r = enter_pair(&nl, &e);
	judge_fabric(row, r, &nl, &e);
}

static void probe_bridge(struct doctor_row *row)
{
	struct link_end b = { .ifname = "probe0", .netns_fd = -1 };
	struct netlink nl;
	struct err e = { 0 };
	int r;

	SAY(tried, "a bridge in a network namespace of one's own");
	r = enter(&nl, NETLINK_ROUTE, &e);
	if (r >= 0) {
		link_add_bridge(&nl, &b);
		r = netlink_commit(&nl, &e);
	}
	judge_fabric(row, r, &nl, &e);
}

static void probe_rules(struct doctor_row *row)
{
	struct netlink nl;
	struct err e = { 0 };
	int r;

	SAY(tried, "a route table of local delivery, chosen by a mark");
	r = enter(&nl, NETLINK_ROUTE, &e);
	if (r >= 0) {
		link_set_up(&nl, 1);
		link_add_local_table(&nl, AF_INET, 100);
		link_add_mark_rule(&nl, AF_INET, 1, 100);
		r = netlink_commit(&nl, &e);
	}
	judge_net(row, r, &e, "(CONFIG_IP_MULTIPLE_TABLES)");
}

static int try_nft(bool tproxy, struct err *e)
{
	struct ip_addr any = { .family = AF_INET };
	struct nft_rule rule;
	struct netlink nl;
	int r = enter(&nl, NETLINK_NETFILTER, e);

	if (r < 0)
		return r;
	nft_begin(&nl);
	nft_add_table(&nl, "probe");
	nft_add_prerouting(&nl, "probe", "pre", -150);
	nft_rule(&rule, &nl, "probe", "pre");
	nft_match_family(&rule, AF_INET);
	nft_match_proto(&rule, IPPROTO_TCP);
	if (tproxy)
		nft_tproxy(&rule, &any, 1);
	else
		nft_verdict(&rule, NFT_DROP);
	nft_rule_end(&rule);
	return nft_commit(&nl, e);
}

static void probe_nft(struct doctor_row *row)
{
	struct err e = { 0 };

	SAY(tried, "an nf_tables rule in a network namespace of one's own");
	judge_part(row, try_nft(false, &e), &e, "nf_tables", BY_DOORS);
}

static void probe_tproxy(struct doctor_row *row)
{
	struct err e = { 0 };

	SAY(tried, "an nf_tables rule with tproxy");
	judge_part(row, try_nft(true, &e), &e, "nft_tproxy", BY_DOORS);
}

static void probe_packet(struct doctor_row *row)
{
	int r = doctor_enter(CLONE_NEWNET), on = 1;

	SAY(tried, "an AF_PACKET socket that ignores its own packets");
	if (r >= 0) {
		autoclose int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
		    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
			r = -errno;
	}
	doctor_judge(row, r, DOCTOR_REDUCED,
		     "as root: modprobe af_packet, and a kernel of 4.20 or newer",
		     BY_BARE);
}

/* As a realm is made, with its first network. */
static void probe_way(struct doctor_row *row)
{
	static const struct bridge probe = {
		.ifname = "probe0",
		.subnet = { { AF_INET, { 192, 0, 2 } }, 24 },
		.gateway = { AF_INET, { 192, 0, 2, 1 } },
		.mtu = 1500,
	};
	struct err e = { 0 };
	struct way way;
	int r = doctor_enter(CLONE_NEWNET);

	SAY(tried, "the network of a realm, by the first path that this kernel can");
	if (r >= 0)
		r = way.path = bridge_realm_up(&e);
	if (r >= 0)
		r = way.fabric = bridge_up(&probe, &e);
	if (r >= 0)
		SAY(answer, "yes: %s", way_name(way_number(&way)));
	else if (e.text[0])
		SAY(answer, "%s", e.text);
	doctor_judge(row, r < 0 ? r : 0, DOCTOR_MISSING, "see the rows above", NO_BRIDGE);
}

/* As the ports of a bridge have it. */
static void probe_guard(struct doctor_row *row)
{
	struct netlink nl;
	struct err e = { 0 };
	int r;

	SAY(tried, "a packet filter on a veth pair's end");
	r = enter_pair(&nl, &e);
	if (r >= 0 && guard_try(&nl, "probe0") != GUARD_FILTER)
		r = -EOPNOTSUPP;
	judge_part(row, r, &e, "sch_ingress cls_bpf",
		   "all networks; but a container with CAP_NET_RAW or CAP_NET_ADMIN can "
		   "take the address of a neighbour");
}

static void probe_transparent(struct doctor_row *row)
{
	int r = doctor_enter(CLONE_NEWNET), on = 1;

	SAY(tried, "IP_TRANSPARENT on a socket of a network namespace of one's own");
	if (r >= 0) {
		autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on)))
			r = -errno;
	}
	doctor_judge(row, r, DOCTOR_MISSING, "a kernel with transparent proxying",
		     NO_BRIDGE);
}

static void probe_ping(struct doctor_row *row)
{
	SAY(tried, "a ping socket on the host (net.ipv4.ping_group_range)");
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
	doctor_judge(row, fd < 0 ? -errno : 0, DOCTOR_REDUCED,
		     "as root: sysctl -w net.ipv4.ping_group_range='0 2147483647'",
		     "everything but ping from a container to the outside");
}

static void probe_low_ports(struct doctor_row *row)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };
	char start[16] = "1024";
	int r = 0;

	SAY(tried, "bind to 127.0.0.1:80");
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || (bind(fd, (struct sockaddr *)&a, sizeof(a)) && errno != EADDRINUSE))
		r = -errno;
	file_read_small(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", start,
			sizeof(start));
	start[strcspn(start, "\n")] = '\0';
	SAY(answer, "%s; ports from %s on are free to all", r < 0 ? strerror(-r) : "yes",
	    start);
	doctor_judge(
		row, r, DOCTOR_REDUCED,
		"as root: sysctl -w net.ipv4.ip_unprivileged_port_start=80; or setcap "
		"cap_net_bind_service=ep on the rootless binary; or pass the socket in "
		"(LISTEN_FDS)",
		"published ports from the number above on");
}

static void probe_ipv6(struct doctor_row *row)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int r = 0;

	SAY(tried, "bind to [::1]");
	autoclose int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)))
		r = -errno;
	doctor_judge(row, r, DOCTOR_REDUCED,
		     "as root: sysctl -w net.ipv6.conf.all.disable_ipv6=0",
		     "everything over IPv4");
}

const struct doctor_probe doctor_net_probes[] = {
	{ "veth", probe_veth },
	{ "bridge", probe_bridge },
	{ "policy routing", probe_rules },
	{ "nf_tables", probe_nft },
	{ "tproxy", probe_tproxy },
	{ "AF_PACKET", probe_packet },
	{ "IP_TRANSPARENT", probe_transparent },
	{ "network path", probe_way },
	{ "port filters", probe_guard },
	{ "ping sockets", probe_ping },
	{ "ports below 1024", probe_low_ports },
	{ "IPv6", probe_ipv6 },
	{ NULL, NULL },
};
