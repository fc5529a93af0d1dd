/* SPDX-License-Identifier: Apache-2.0 */
/* A container's interface on a network. */
#include "core/net/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/link.h"
#include "core/net/segment.h"
#include "core/net/tap.h"

#define ENDPOINT_TRIES  100
#define ENDPOINT_TRY_MS 20

/* Lines of a gid_map: "inside outside count". */
struct endpoint_gids {
	unsigned long low, low_outside;
	unsigned long high, high_outside;
	bool any;
};

static void endpoint_gid_line(struct endpoint_gids *g, const char *line)
{
	unsigned long inside, outside, count;

	if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) != 3 || !count)
		return;
	if (!g->any || outside < g->low_outside) {
		g->low_outside = outside;
		g->low = inside;
	}
	if (!g->any || outside + count - 1 > g->high_outside) {
		g->high_outside = outside + count - 1;
		g->high = inside + count - 1;
	}
	g->any = true;
}

/* The kernel compares group IDs as the host sees them, so the range runs from the mapped
 * ID that is lowest outside to the one that is highest outside. */
static void endpoint_ping_range(char *dst, size_t size)
{
	struct endpoint_gids g = { 0 };
	char map[4096];
	char *line = map;

	str_copy(dst, size, "0 0");
	if (file_read_small(AT_FDCWD, "/proc/self/gid_map", map, sizeof(map)) < 0)
		return;
	while (line && *line) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = 0;
		endpoint_gid_line(&g, line);
		line = next;
	}
	if (g.any)
		str_print(dst, size, "%lu %lu", g.low, g.high);
}

/* In the container's network namespace. What a kernel lacks is passed over. */
static int endpoint_sysctls(bool six, struct err *e)
{
	char ping[48];
	const char *const sysctls[][2] = {
		{ "ipv4/ping_group_range", ping },
		{ "ipv4/ip_unprivileged_port_start", "0" },
		/* What leaves by the stack is the host's connection, with the host's
		 * choice; here bbr's pacing would only cost. */
		{ "ipv4/tcp_congestion_control", "reno" },
		{ "ipv6/conf/all/accept_ra", "0" },
		{ "ipv6/conf/default/accept_ra", "0" },
		{ "ipv6/conf/default/accept_dad", "0" },
		{ "ipv6/conf/default/disable_ipv6", six ? "0" : "1" },
	};
	autoclose int dir = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "open '/proc/sys/net'");
	endpoint_ping_range(ping, sizeof(ping));
	for (size_t i = 0; i < ARRAY_LEN(sysctls); i++) {
		int rc = file_write_small(dir, sysctls[i][0], sysctls[i][1]);

		if (rc && rc != -ENOENT)
			return err_code(e, rc, "set sysctl 'net/%s'", sysctls[i][0]);
	}
	return 0;
}

/* What is to be set inside, if anything, besides. */
enum endpoint_sysctl { ENDPOINT_KEEP, ENDPOINT_FOUR, ENDPOINT_SIX };

/* Into the container's network namespace; what leads back, or -errno. */
static int endpoint_visit(int netns_fd, struct err *e)
{
	autoclose int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (own < 0)
		return err_sys(e, "open '/proc/self/ns/net'");
	if (setns(netns_fd, CLONE_NEWNET) != 0)
		return err_sys(e, "join the container's network namespace");
	return TAKE_FD(own);
}

/* Sets the sysctls inside and opens a netlink socket that stays there; the caller is back
 * in its own namespace whatever happens. */
static int endpoint_enter(int netns_fd, enum endpoint_sysctl want, struct netlink *ret,
			  struct err *e)
{
	autoclose int own = endpoint_visit(netns_fd, e);
	int rc;

	if (own < 0)
		return own;
	rc = want == ENDPOINT_KEEP ? 0 : endpoint_sysctls(want == ENDPOINT_SIX, e);
	if (!rc)
		rc = netlink_open(ret, NETLINK_ROUTE, e);
	if (setns(own, CLONE_NEWNET) != 0) {
		netlink_done(ret);
		return err_sys(e, "return to the realm's network namespace");
	}
	return rc;
}

static int endpoint_add_port(const struct endpoint *ep, struct netlink *nl,
			     const struct link_end *inner, struct err *e)
{
	if (ep->isolated)
		return err_set(e, -EOPNOTSUPP,
			       "containers of one network cannot be kept from each other "
			       "on a kernel without bridge or veth (icc=false): give "
			       "each a network of its own");
	return segment_plug(nl, ep->bridge, inner, e);
}

/* port: a link of the realm's that the container's frames come in by, whose own address
 * leads to the realm as the bridge's does. */
static int endpoint_guard(const struct endpoint *ep, struct netlink *nl, const char *port,
			  struct guard *ret, struct err *e)
{
	struct guard g = { .addr = ep->addr, .addr6 = ep->addr6, .open = ep->open };
	int rc = ep->open ? link_mac(nl, ep->bridge, g.realm[0], e) : 0;

	if (!rc && ep->open)
		rc = link_mac(nl, port, g.realm[1], e);
	memcpy(g.mac, ep->mac, sizeof(g.mac));
	*ret = g;
	return rc;
}

static int endpoint_add_guarded(const struct endpoint *ep, struct netlink *nl,
				uint32_t bridge, struct err *e)
{
	struct guard g;
	uint32_t index;
	int rc = link_index(nl, ep->host_ifname, &index, e);

	if (!rc)
		rc = endpoint_guard(ep, nl, ep->host_ifname, &g, e);
	if (rc)
		return rc;
	rc = guard_port(nl, index, bridge, &g, ep->guard, e);
	if (rc || !ep->isolated)
		return rc;
	link_set_isolated(nl, index);
	return netlink_commit(nl, e);
}

static int endpoint_add_tap(const struct endpoint *ep, struct netlink *nl,
			    const struct link_end *inner, struct err *e)
{
	struct tap_port port = { .beside = ep->bridge, .isolated = ep->isolated };
	int rc = endpoint_guard(ep, nl, ep->bridge, &port.guard, e);

	return rc ? rc : tap_plug(nl, inner, &port, e);
}

static int endpoint_add_pair(const struct endpoint *ep, struct netlink *nl, int netns_fd,
			     struct err *e)
{
	struct link_end outer = { .ifname = ep->host_ifname,
				  .mtu = ep->mtu,
				  .netns_fd = -1 };
	struct link_end inner = {
		.ifname = ep->ifname, .mac = ep->mac, .mtu = ep->mtu, .netns_fd = netns_fd
	};
	char kind[LINK_KIND_MAX];
	uint32_t bridge;
	int rc = link_kind(nl, ep->bridge, &bridge, kind, e);

	if (rc)
		return err_wrap(e, "bridge '%s'", ep->bridge);
	if (str_eq(kind, SEGMENT_KIND))
		return endpoint_add_port(ep, nl, &inner, e);
	if (str_eq(kind, TAP_KIND))
		return endpoint_add_tap(ep, nl, &inner, e);
	/* Who has no address here says later whose it is, and is alone on the bridge. */
	if (ep->addr.family == AF_UNSPEC && ep->addr6.family == AF_UNSPEC)
		outer.master = bridge;
	link_add_veth(nl, &outer, &inner);
	rc = netlink_commit(nl, e);
	return rc || outer.master ? rc : endpoint_add_guarded(ep, nl, bridge, e);
}

static int endpoint_configure(const struct endpoint *ep, struct netlink *inside,
			      struct err *e)
{
	uint32_t index;
	int rc = link_index(inside, ep->ifname, &index, e);

	if (rc)
		return rc;
	link_set_up(inside, 1);
	link_set_up(inside, index);
	if (ep->addr.family == AF_INET)
		link_add_addr(inside, index, &ep->addr, ep->prefix);
	if (ep->gateway.family == AF_INET)
		link_add_default(inside, index, &ep->gateway);
	if (ep->addr6.family == AF_INET6)
		link_add_addr(inside, index, &ep->addr6, ep->prefix6);
	if (ep->gateway6.family == AF_INET6)
		link_add_default(inside, index, &ep->gateway6);
	return netlink_commit(inside, e);
}

/* By a neighbour with the same link address: macvlan's word for it, and that of older
 * kernels. */
static bool endpoint_taken(int rc)
{
	return rc == -EADDRINUSE || rc == -EBUSY;
}

static int endpoint_plug(const struct endpoint *ep, struct netlink *nl, int netns_fd,
			 struct err *e)
{
	int rc = endpoint_add_pair(ep, nl, netns_fd, e);

	if (rc != -EEXIST)
		return rc;
	/* The pair of this container's last run: the kernel takes a killed namespace
	 * apart in its own time. */
	err_clear(e);
	link_del(nl, ep->host_ifname);
	rc = netlink_commit(nl, e);
	return rc ? rc : endpoint_add_pair(ep, nl, netns_fd, e);
}

/* A namespace that began without IPv6 gives none to what comes later. */
static int endpoint_wake_six(const struct endpoint *ep, int netns_fd, struct err *e)
{
	autoclose int own = endpoint_visit(netns_fd, e);
	char name[64];
	int rc;

	if (own < 0)
		return own;
	str_print(name, sizeof(name), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
		  ep->ifname);
	rc = file_write_small(AT_FDCWD, name, "0");
	if (setns(own, CLONE_NEWNET) != 0)
		return err_sys(e, "return to the realm's network namespace");
	return rc && rc != -ENOENT ? err_code(e, rc, "enable IPv6 on '%s'", ep->ifname)
				   : 0;
}

static int endpoint_settle(const struct endpoint *ep, struct netlink *inside,
			   struct err *e)
{
	int rc = endpoint_configure(ep, inside, e);

	/* The port of the last run keeps its hardware address for a moment. */
	for (int i = 0; endpoint_taken(rc) && i < ENDPOINT_TRIES; i++) {
		poll(NULL, 0, ENDPOINT_TRY_MS);
		err_clear(e);
		rc = endpoint_configure(ep, inside, e);
	}
	return endpoint_taken(rc)
		       ? err_set(e, rc, "its link address is another's on network '%s'",
				 ep->bridge)
		       : rc;
}

int endpoint_attach(const struct endpoint *ep, int netns_fd, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	autofree struct netlink *inside = mem_new(struct netlink);
	bool six = ep->addr6.family == AF_INET6, plugged;
	int rc;

	rc = endpoint_enter(netns_fd,
			    ep->late ? ENDPOINT_KEEP
			    : six    ? ENDPOINT_SIX
				     : ENDPOINT_FOUR,
			    inside, e);
	if (!rc)
		rc = netlink_open(nl, NETLINK_ROUTE, e);
	if (!rc)
		rc = endpoint_plug(ep, nl, netns_fd, e);
	plugged = !rc;
	if (!rc && ep->late && six)
		rc = endpoint_wake_six(ep, netns_fd, e);
	if (!rc)
		rc = endpoint_settle(ep, inside, e);
	netlink_done(inside);
	netlink_done(nl);
	if (rc && plugged)
		endpoint_detach(ep, netns_fd, NULL);
	return rc ? err_wrap(e, "attach '%s' to the network", ep->ifname) : 0;
}

int endpoint_route(const struct endpoint *ep, sa_family_t family, int netns_fd,
		   struct err *e)
{
	autofree struct netlink *inside = mem_new(struct netlink);
	uint32_t index;
	int rc = endpoint_enter(netns_fd, ENDPOINT_KEEP, inside, e);

	if (!rc)
		rc = link_index(inside, ep->ifname, &index, e);
	if (!rc) {
		link_add_default(inside, index,
				 family == AF_INET6 ? &ep->gateway6 : &ep->gateway);
		rc = netlink_commit(inside, e);
	}
	netlink_done(inside);
	return rc ? err_wrap(e, "default route of '%s'", ep->ifname) : 0;
}

int endpoint_loopback(int netns_fd, struct err *e)
{
	autofree struct netlink *inside = mem_new(struct netlink);
	int rc = endpoint_enter(netns_fd, ENDPOINT_FOUR, inside, e);

	if (!rc) {
		link_set_up(inside, 1);
		rc = netlink_commit(inside, e);
	}
	netlink_done(inside);
	return rc ? err_wrap(e, "prepare the network") : 0;
}

int endpoint_detach(const struct endpoint *ep, int netns_fd, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	int rc = netlink_open(nl, NETLINK_ROUTE, e);

	if (rc)
		return rc;
	if (segment_is(nl, ep->bridge) || tap_is(nl, ep->bridge)) {
		netlink_done(nl);
		rc = endpoint_enter(netns_fd, ENDPOINT_KEEP, nl, e);
		if (!rc)
			link_del(nl, ep->ifname);
	} else {
		link_del(nl, ep->host_ifname);
	}
	if (!rc)
		rc = netlink_commit(nl, e);
	netlink_done(nl);
	return rc ? err_wrap(e, "detach '%s'", ep->ifname) : 0;
}
