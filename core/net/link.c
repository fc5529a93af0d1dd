/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink's verbs. */
#include "core/net/link.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>

#include "core/base/str.h"

#define LINK_LO             1 /* lo is the first interface of every network namespace */
#define LINK_RULE_PRIORITY  100
#define LINK_DOOR_PRIORITY  90
#define LINK_SHUT_PRIORITY  95
#define LINK_LOCAL_PRIORITY 99
#define LINK_TCP            6 /* IPPROTO_TCP, whose header clashes with the kernel's */

static void link_begin(struct netlink *nl, const char *what, uint16_t type,
		       uint16_t flags, uint32_t ifindex)
{
	struct ifinfomsg *m;

	netlink_begin(nl, what, type, flags);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		m->ifi_index = (int)ifindex;
}

static void link_begin_up(struct netlink *nl, const char *what, uint16_t type,
			  uint16_t flags, uint32_t ifindex)
{
	struct ifinfomsg *m;

	netlink_begin(nl, what, type, flags);
	m = netlink_header(nl, sizeof(*m));
	if (!m)
		return;
	m->ifi_index = (int)ifindex;
	m->ifi_flags = m->ifi_change = IFF_UP;
}

struct link_info {
	struct ifinfomsg m;
	char kind[LINK_KIND_MAX];
	uint8_t mac[6];
};

static int link_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);
	const uint8_t *attrs = (const uint8_t *)m + NLMSG_ALIGN(sizeof(*m));
	const struct nlattr *a;
	struct link_info *l = arg;
	size_t n;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return 0;
	l->m = *m;
	n = h->nlmsg_len - NLMSG_SPACE(sizeof(*m));
	a = netlink_find(attrs, n, IFLA_ADDRESS);
	if (a && a->nla_len == NLA_HDRLEN + sizeof(l->mac))
		memcpy(l->mac, a + 1, sizeof(l->mac));
	a = netlink_find(attrs, n, IFLA_LINKINFO);
	a = a ? netlink_find(a + 1, a->nla_len - NLA_HDRLEN, IFLA_INFO_KIND) : NULL;
	if (a && a->nla_len > NLA_HDRLEN && a->nla_len - NLA_HDRLEN < LINK_KIND_MAX)
		memcpy(l->kind, a + 1, a->nla_len - NLA_HDRLEN);
	return 0;
}

static int link_get(struct netlink *nl, const char *ifname, struct link_info *ret,
		    struct err *e)
{
	struct link_info found = { 0 };
	int rc;

	link_begin(nl, "find link", RTM_GETLINK, 0, 0);
	netlink_put_str(nl, IFLA_IFNAME, ifname);
	rc = netlink_dump(nl, link_seen, &found, e);
	if (rc)
		return rc;
	if (!found.m.ifi_index)
		return err_set(e, -ENODEV, "find link '%s': no answer", ifname);
	*ret = found;
	return 0;
}

int link_kind(struct netlink *nl, const char *ifname, uint32_t *ret,
	      char ret_kind[LINK_KIND_MAX], struct err *e)
{
	struct link_info l;
	int rc = link_get(nl, ifname, &l, e);

	if (rc)
		return rc;
	*ret = (uint32_t)l.m.ifi_index;
	memcpy(ret_kind, l.kind, LINK_KIND_MAX);
	return 0;
}

int link_index(struct netlink *nl, const char *ifname, uint32_t *ret, struct err *e)
{
	char kind[LINK_KIND_MAX];

	return link_kind(nl, ifname, ret, kind, e);
}

int link_mac(struct netlink *nl, const char *ifname, uint8_t ret[6], struct err *e)
{
	struct link_info l;
	int rc = link_get(nl, ifname, &l, e);

	if (!rc)
		memcpy(ret, l.mac, sizeof(l.mac));
	return rc;
}

int link_is_up(struct netlink *nl, const char *ifname)
{
	struct link_info l;
	int rc = link_get(nl, ifname, &l, NULL);

	return rc ? rc : (l.m.ifi_flags & IFF_UP) != 0;
}

struct link_addrs {
	uint32_t ifindex;
	struct ip_addr *v;
	size_t len, max;
};

static int link_addr_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	struct link_addrs *l = arg;
	const struct nlattr *a;
	size_t n;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->ifa_index != l->ifindex || l->len == l->max)
		return 0;
	a = netlink_find((const uint8_t *)m + NLMSG_ALIGN(sizeof(*m)),
			 h->nlmsg_len - NLMSG_SPACE(sizeof(*m)), IFA_ADDRESS);
	n = m->ifa_family == AF_INET ? 4 : 16;
	if (!a || a->nla_len < NLA_HDRLEN + n)
		return 0;
	l->v[l->len].family = m->ifa_family;
	memcpy(l->v[l->len++].bytes, (const uint8_t *)a + NLA_HDRLEN, n);
	return 0;
}

int link_addrs(struct netlink *nl, uint32_t ifindex, struct ip_addr *ret, size_t max)
{
	struct link_addrs l = { ifindex, ret, 0, max };
	int rc;

	netlink_begin(nl, "list addresses", RTM_GETADDR, NLM_F_DUMP);
	netlink_header(nl, sizeof(struct ifaddrmsg));
	rc = netlink_dump(nl, link_addr_seen, &l, NULL);
	return rc ? rc : (int)l.len;
}

static void link_put_end(struct netlink *nl, const struct link_end *l)
{
	netlink_put_str(nl, IFLA_IFNAME, l->ifname);
	if (l->mac)
		netlink_put(nl, IFLA_ADDRESS, l->mac, 6);
	if (l->mtu)
		netlink_put_u32(nl, IFLA_MTU, l->mtu);
	if (l->group)
		netlink_put_u32(nl, IFLA_GROUP, l->group);
	if (l->master)
		netlink_put_u32(nl, IFLA_MASTER, l->master);
	if (l->netns_fd >= 0)
		netlink_put_u32(nl, IFLA_NET_NS_FD, (uint32_t)l->netns_fd);
}

void link_add_bridge(struct netlink *nl, const struct link_end *bridge)
{
	size_t info, data;

	link_begin_up(nl, "add bridge", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	netlink_tolerate(nl, -EEXIST);
	link_put_end(nl, bridge);
	info = netlink_nest(nl, IFLA_LINKINFO);
	netlink_put_str(nl, IFLA_INFO_KIND, "bridge");
	data = netlink_nest(nl, IFLA_INFO_DATA);
	netlink_put_u32(nl, IFLA_BR_STP_STATE, 0);
	netlink_put_u32(nl, IFLA_BR_FORWARD_DELAY, 0);
	netlink_nest_end(nl, data);
	netlink_nest_end(nl, info);
}

void link_add_veth(struct netlink *nl, const struct link_end *a, const struct link_end *b)
{
	size_t info, data, peer;

	link_begin_up(nl, "add veth pair", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	link_put_end(nl, a);
	info = netlink_nest(nl, IFLA_LINKINFO);
	netlink_put_str(nl, IFLA_INFO_KIND, "veth");
	data = netlink_nest(nl, IFLA_INFO_DATA);
	peer = netlink_nest(nl, VETH_INFO_PEER);
	netlink_header(nl, sizeof(struct ifinfomsg));
	link_put_end(nl, b);
	netlink_nest_end(nl, peer);
	netlink_nest_end(nl, data);
	netlink_nest_end(nl, info);
}

void link_add_plain(struct netlink *nl, const char *kind, const struct link_end *link)
{
	size_t info;

	link_begin_up(nl, "add link", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	netlink_tolerate(nl, -EEXIST);
	link_put_end(nl, link);
	info = netlink_nest(nl, IFLA_LINKINFO);
	netlink_put_str(nl, IFLA_INFO_KIND, kind);
	netlink_nest_end(nl, info);
}

void link_add_macvlan(struct netlink *nl, uint32_t lower, const struct link_end *port)
{
	void (*begin)(struct netlink *, const char *, uint16_t, uint16_t, uint32_t) =
		port->netns_fd < 0 ? link_begin_up : link_begin;
	size_t info, data;

	begin(nl, "add macvlan port", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	link_put_end(nl, port);
	netlink_put_u32(nl, IFLA_LINK, lower);
	info = netlink_nest(nl, IFLA_LINKINFO);
	netlink_put_str(nl, IFLA_INFO_KIND, "macvlan");
	data = netlink_nest(nl, IFLA_INFO_DATA);
	netlink_put_u32(nl, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	netlink_nest_end(nl, data);
	netlink_nest_end(nl, info);
}

void link_change(struct netlink *nl, uint32_t ifindex, const struct link_end *end)
{
	if (end->netns_fd < 0)
		link_begin_up(nl, "set up link", RTM_NEWLINK, 0, ifindex);
	else
		link_begin(nl, "move link", RTM_NEWLINK, 0, ifindex);
	link_put_end(nl, end);
}

void link_set_up(struct netlink *nl, uint32_t ifindex)
{
	link_begin_up(nl, "set link up", RTM_NEWLINK, 0, ifindex);
}

void link_set_master(struct netlink *nl, uint32_t ifindex, uint32_t master)
{
	link_begin(nl, "make link a bridge port", RTM_NEWLINK, 0, ifindex);
	netlink_put_u32(nl, IFLA_MASTER, master);
}

void link_set_isolated(struct netlink *nl, uint32_t ifindex)
{
	struct ifinfomsg *m;
	size_t port;

	netlink_begin(nl, "isolate bridge port", RTM_SETLINK, 0);
	m = netlink_header(nl, sizeof(*m));
	if (m) {
		m->ifi_family = AF_BRIDGE;
		m->ifi_index = (int)ifindex;
	}
	port = netlink_nest(nl, IFLA_PROTINFO);
	netlink_put_u8(nl, IFLA_BRPORT_ISOLATED, 1);
	netlink_nest_end(nl, port);
}

bool link_is_name(const char *name)
{
	return name[0] && strlen(name) < IFNAMSIZ && !strchr(name, '/') &&
	       !str_eq(name, ".") && !str_eq(name, "..");
}

void link_del(struct netlink *nl, const char *ifname)
{
	link_begin(nl, "delete link", RTM_DELLINK, 0, 0);
	netlink_tolerate(nl, -ENODEV);
	netlink_put_str(nl, IFLA_IFNAME, ifname);
}

static size_t link_addr_size(const struct ip_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

void link_add_addr(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a,
		   uint8_t prefix)
{
	struct ifaddrmsg *m;

	netlink_begin(nl, "add address", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	netlink_tolerate(nl, -EEXIST);
	m = netlink_header(nl, sizeof(*m));
	if (m) {
		m->ifa_family = (uint8_t)a->family;
		m->ifa_prefixlen = prefix;
		m->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
		m->ifa_index = ifindex;
	}
	netlink_put(nl, IFA_LOCAL, a->bytes, link_addr_size(a));
	netlink_put(nl, IFA_ADDRESS, a->bytes, link_addr_size(a));
	if (a->family == AF_INET && prefix < 31) {
		uint8_t all[4];

		for (unsigned int i = 0; i < 4; i++) {
			unsigned int keep = prefix > 8 * i ? prefix - 8 * i : 0;

			all[i] = a->bytes[i];
			if (keep < 8)
				all[i] |= (uint8_t)(0xff >> keep);
		}
		netlink_put(nl, IFA_BROADCAST, all, sizeof(all));
	}
}

void link_add_addr_alone(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a,
			 uint8_t prefix)
{
	link_add_addr(nl, ifindex, a, prefix);
	netlink_put_u32(nl, IFA_FLAGS,
			IFA_F_NOPREFIXROUTE | (a->family == AF_INET6 ? IFA_F_NODAD : 0u));
}

static void link_route(struct netlink *nl, const char *what, const struct rtmsg *route)
{
	struct rtmsg *m;

	netlink_begin(nl, what, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	netlink_tolerate(nl, -EEXIST);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		*m = *route;
}

void link_add_host(struct netlink *nl, uint32_t ifindex, const struct ip_addr *a)
{
	struct rtmsg m = {
		.rtm_family = (uint8_t)a->family,
		.rtm_dst_len = (uint8_t)(8 * link_addr_size(a)),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};

	link_route(nl, "add route", &m);
	netlink_put(nl, RTA_DST, a->bytes, link_addr_size(a));
	netlink_put_u32(nl, RTA_OIF, ifindex);
}

void link_add_default(struct netlink *nl, uint32_t ifindex, const struct ip_addr *gateway)
{
	struct rtmsg m = {
		.rtm_family = (uint8_t)gateway->family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	link_route(nl, "add default route", &m);
	netlink_put(nl, RTA_GATEWAY, gateway->bytes, link_addr_size(gateway));
	netlink_put_u32(nl, RTA_OIF, ifindex);
}

void link_add_local_table(struct netlink *nl, sa_family_t family, uint8_t table)
{
	struct rtmsg m = {
		.rtm_family = (uint8_t)family,
		.rtm_table = table,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_HOST,
		.rtm_type = RTN_LOCAL,
	};

	link_route(nl, "add local route", &m);
	netlink_put_u32(nl, RTA_OIF, LINK_LO);
}

static void link_rule(struct netlink *nl, uint16_t type, const struct fib_rule_hdr *h,
		      uint32_t priority)
{
	bool add = type == RTM_NEWRULE;
	struct fib_rule_hdr *m;

	netlink_begin(nl, add ? "add routing rule" : "delete routing rule", type,
		      add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	netlink_tolerate(nl, add ? -EEXIST : -ENOENT);
	m = netlink_header(nl, sizeof(*m));
	if (m)
		*m = *h;
	netlink_put_u32(nl, FRA_PRIORITY, priority);
}

static void link_ports_rule(struct netlink *nl, const struct ip_addr *a, uint8_t proto,
			    const uint16_t ports[2])
{
	struct fib_rule_port_range range = { ports[0], ports[1] };

	netlink_put(nl, FRA_DST, a->bytes, link_addr_size(a));
	netlink_put_u8(nl, FRA_IP_PROTO, proto);
	netlink_put(nl, FRA_DPORT_RANGE, &range, sizeof(range));
}

static void link_port_rule(struct netlink *nl, uint16_t type, const struct ip_addr *a,
			   uint16_t port, uint8_t table)
{
	link_rule(nl, type,
		  &(struct fib_rule_hdr){ .family = (uint8_t)a->family,
					  .dst_len = (uint8_t)(8 * link_addr_size(a)),
					  .table = table,
					  .action = FR_ACT_TO_TBL },
		  LINK_DOOR_PRIORITY);
	link_ports_rule(nl, a, LINK_TCP, (uint16_t[]){ port, port });
}

void link_add_port_rule(struct netlink *nl, const struct ip_addr *a, uint16_t port,
			uint8_t table)
{
	link_port_rule(nl, RTM_NEWRULE, a, port, table);
}

void link_del_port_rule(struct netlink *nl, const struct ip_addr *a, uint16_t port,
			uint8_t table)
{
	link_port_rule(nl, RTM_DELRULE, a, port, table);
}

void link_defer_local(struct netlink *nl, sa_family_t family)
{
	const struct fib_rule_hdr h = { .family = (uint8_t)family,
					.table = RT_TABLE_LOCAL,
					.action = FR_ACT_TO_TBL };

	link_rule(nl, RTM_NEWRULE, &h, LINK_LOCAL_PRIORITY);
	link_rule(nl, RTM_DELRULE, &h, 0);
}

void link_add_shut_rule(struct netlink *nl, const struct ip_addr *a, uint8_t proto,
			const uint16_t ports[2])
{
	link_rule(nl, RTM_NEWRULE,
		  &(struct fib_rule_hdr){ .family = (uint8_t)a->family,
					  .dst_len = (uint8_t)(8 * link_addr_size(a)),
					  .action = FR_ACT_BLACKHOLE },
		  LINK_SHUT_PRIORITY);
	link_ports_rule(nl, a, proto, ports);
}

void link_add_iif_rule(struct netlink *nl, sa_family_t family, const char *ifname,
		       uint8_t table)
{
	link_rule(nl, RTM_NEWRULE,
		  &(struct fib_rule_hdr){ .family = (uint8_t)family,
					  .table = table,
					  .action = FR_ACT_TO_TBL },
		  LINK_RULE_PRIORITY);
	netlink_put_str(nl, FRA_IIFNAME, ifname);
}

void link_add_mark_rule(struct netlink *nl, sa_family_t family, uint32_t mark,
			uint8_t table)
{
	link_rule(nl, RTM_NEWRULE,
		  &(struct fib_rule_hdr){ .family = (uint8_t)family,
					  .table = table,
					  .action = FR_ACT_TO_TBL },
		  LINK_RULE_PRIORITY);
	netlink_put_u32(nl, FRA_FWMARK, mark);
}

void link_add_blackhole(struct netlink *nl, sa_family_t family)
{
	struct rtmsg m = {
		.rtm_family = (uint8_t)family,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_BLACKHOLE,
	};

	link_route(nl, "add route", &m);
	/* Behind any default route there may be. */
	netlink_put_u32(nl, RTA_PRIORITY, UINT32_MAX);
}
