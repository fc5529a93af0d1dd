/* SPDX-License-Identifier: Apache-2.0 */
/* How this host is on the network, from rtnetlink. */
#include "core/engine/hostnet.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ns/netlink.h"

struct search {
	sa_family_t family;
	uint32_t only, index; /* interfaces: asked for, found; 0: any, none */
	uint32_t metric;
	struct ip_addr addr; /* prefix_of: the one looked for */
	uint8_t prefix;
	struct ip_addr gateway;
};

static size_t size_of(sa_family_t family)
{
	return family == AF_INET ? 4 : 16;
}

static bool get_addr(const struct nlattr *a, sa_family_t family, struct ip_addr *ret)
{
	if (!a || a->nla_len < NLA_HDRLEN + size_of(family))
		return false;
	*ret = (struct ip_addr){ .family = family };
	memcpy(ret->bytes, (const uint8_t *)a + NLA_HDRLEN, size_of(family));
	return true;
}

static uint32_t get_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (a && a->nla_len >= NLA_HDRLEN + sizeof(v))
		memcpy(&v, (const uint8_t *)a + NLA_HDRLEN, sizeof(v));
	return v;
}

static int route_seen(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	const uint8_t *attrs = (const uint8_t *)m + NLMSG_ALIGN(sizeof(*m));
	struct search *s = arg;
	struct ip_addr via;
	uint32_t index, metric;
	size_t n;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->rtm_family != s->family || m->rtm_dst_len ||
	    m->rtm_table != RT_TABLE_MAIN || m->rtm_type != RTN_UNICAST)
		return 0;
	n = h->nlmsg_len - NLMSG_SPACE(sizeof(*m));
	index = get_u32(netlink_find(attrs, n, RTA_OIF));
	metric = get_u32(netlink_find(attrs, n, RTA_PRIORITY));
	if (!index || (s->only && index != s->only) ||
	    (s->index && metric >= s->metric) ||
	    !get_addr(netlink_find(attrs, n, RTA_GATEWAY), s->family, &via))
		return 0;
	s->index = index;
	s->metric = metric;
	s->gateway = via;
	return 0;
}

/* The first of global scope on the interface; or, without one, the one that is s->addr.
 */
static int addr_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	const uint8_t *attrs = (const uint8_t *)m + NLMSG_ALIGN(sizeof(*m));
	struct search *s = arg;
	struct ip_addr a;
	size_t n;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    m->ifa_family != s->family || s->prefix)
		return 0;
	n = h->nlmsg_len - NLMSG_SPACE(sizeof(*m));
	if (!get_addr(netlink_find(attrs, n, IFA_LOCAL), s->family, &a) &&
	    !get_addr(netlink_find(attrs, n, IFA_ADDRESS), s->family, &a))
		return 0;
	if (s->index ? m->ifa_index != s->index || m->ifa_scope != RT_SCOPE_UNIVERSE
		     : !ipam_addr_eq(&a, &s->addr))
		return 0;
	s->addr = a;
	s->prefix = m->ifa_prefixlen;
	return 0;
}

static int dump(struct netlink *nl, bool routes, struct search *s)
{
	if (routes) {
		struct rtmsg *m;

		netlink_begin(nl, "list routes", RTM_GETROUTE, NLM_F_DUMP);
		m = netlink_header(nl, sizeof(*m));
		if (m)
			m->rtm_family = (uint8_t)s->family;
		return netlink_dump(nl, route_seen, s, NULL);
	}
	netlink_begin(nl, "list addresses", RTM_GETADDR, NLM_F_DUMP);
	netlink_header(nl, sizeof(struct ifaddrmsg));
	return netlink_dump(nl, addr_seen, s, NULL);
}

int hostnet_find(sa_family_t family, const char *ifname, struct hostnet *ret,
		 struct err *e)
{
	struct search s = { .family = family };
	autofree struct netlink *nl = mem_new(struct netlink);
	struct hostnet h = { 0 };
	int r;

	if (ifname && !(s.only = if_nametoindex(ifname)))
		return err_sys(e, "find interface '%s'", ifname);
	r = netlink_open(nl, NETLINK_ROUTE, e);
	if (r < 0)
		return r;
	r = dump(nl, true, &s);
	if (r == 0 && s.index)
		r = dump(nl, false, &s);
	netlink_done(nl);
	if (r < 0)
		return err_code(e, r, "read this host's routes");
	if (!s.prefix || !if_indextoname(s.index, h.ifname))
		return err_set(e, -ENOENT, "this host has no default route for IPv%d",
			       family == AF_INET ? 4 : 6);
	h.addr = s.addr;
	h.prefix = s.prefix;
	h.gateway = s.gateway;
	*ret = h;
	return 0;
}

uint8_t hostnet_prefix(const struct ip_addr *a)
{
	struct search s = { .family = a->family, .addr = *a };
	autofree struct netlink *nl = mem_new(struct netlink);

	if (netlink_open(nl, NETLINK_ROUTE, NULL) < 0)
		return 0;
	dump(nl, false, &s);
	netlink_done(nl);
	return s.prefix;
}
