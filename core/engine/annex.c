/* SPDX-License-Identifier: Apache-2.0 */
/* The annex. Why not a tap device in the target, as slirp4netns and pasta have it: then
 * every packet would come to user space and need a TCP there. With a veth pair and a
 * namespace of our own behind it the kernel's TCP runs on both sides, as for a container
 * (ARCHITECTURE.md section 3), and the whole of core/net serves a foreign namespace as it
 * serves a realm. */
#include "core/engine/annex.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "core/engine/hostnet.h"
#include "core/engine/sealed.h"
#include "core/net/bridge.h"
#include "core/net/endpoint.h"
#include "core/net/link.h"
#include "core/ns/pidfd.h"
#include "core/runtime/launch.h"

#define STEP_NS 20000000
#define STEPS   150
/* The first of the ports that visitors have by doors. */
#define VISITORS_FIRST 61000u

/* What the annex' process says when it stands, or why it does not; or before that, that
 * its links are taps. */
struct report {
	int code;
	bool faceless, taps;
	struct err e;
};

/* --- in the annex' own process --------------------------------------------------------
 */

static bool six(const struct annex_side *s)
{
	return s->addr.family == AF_INET6;
}

/* A bridge has a gateway, where the resolver listens and to which nothing else leads.
 * Without one an address stands there that nobody ever asks for: IPv4's dummy address
 * (RFC 7600), IPv6's discard prefix (RFC 6666). */
static struct ip_addr gateway(const struct annex_side *s)
{
	if (s->resolver.family != AF_UNSPEC || s->addr.family == AF_UNSPEC)
		return s->resolver;
	return six(s) ? (struct ip_addr){ .family = AF_INET6, .bytes = { 1, [15] = 1 } }
		      : (struct ip_addr){ .family = AF_INET, .bytes = { 192, 0, 0, 8 } };
}

/* By doors (bridge.h) the router's address must be the annex' own, for its neighbour to
 * find it, and what comes for it must be seen and dropped as if it were not: but for the
 * answers to visitors, who have the ports above. */
static void shut_router(struct netlink *nl, const struct annex_side *s)
{
	static const uint16_t ports[] = { 1, VISITORS_FIRST - 1 };
	char visitors[16];

	str_print(visitors, sizeof(visitors), "%u 65535", VISITORS_FIRST);
	file_write_small(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", visitors);
	link_defer_local(nl, s->addr.family);
	link_add_shut_rule(nl, &s->router, IPPROTO_TCP, ports);
	link_add_shut_rule(nl, &s->router, IPPROTO_UDP, ports);
}

/* The fabric that it is of, or -errno. */
static int raise_bridge(const struct annex_plan *p, struct err *e)
{
	struct bridge b = { .ifname = ANNEX_BRIDGE, .mtu = p->mtu };
	autofree struct netlink *nl = mem_new(struct netlink);
	uint32_t index;
	int path, fabric, r;

	b.gateway = gateway(&p->side[0]);
	b.gateway6 = gateway(&p->side[1]);
	if (b.gateway.family == AF_UNSPEC) {
		struct annex_side none = { .addr.family = AF_INET };

		b.gateway = gateway(&none);
	}
	b.subnet = (struct ip_subnet){ b.gateway, 32 };
	b.subnet6 = (struct ip_subnet){ b.gateway6, 128 };
	if ((r = path = bridge_realm_take(getenv("ROOTLESS_NETWORK_PATH"), e)) < 0 ||
	    (r = fabric = bridge_up(&b, e)) < 0)
		return r;
	if ((r = netlink_open(nl, NETLINK_ROUTE, e)) < 0)
		return r;
	r = link_index(nl, ANNEX_BRIDGE, &index, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(p->side); i++) {
		const struct annex_side *s = &p->side[i];

		if (s->addr.family == AF_UNSPEC)
			continue;
		link_add_addr(nl, index, &s->router, six(s) ? 128 : 32);
		link_add_host(nl, index, &s->addr);
		if (path == BRIDGE_DOORS && !ipam_addr_eq(&s->router, &s->resolver))
			shut_router(nl, s);
		r = netlink_commit(nl, e);
	}
	netlink_done(nl);
	return r < 0 ? r : fabric;
}

/* The process between taps is of the inner executable, and outlives this one. */
static int await_patchbay(int sock, struct err *e)
{
	const struct report taps = { .taps = true };
	char go;

	if (fd_send(sock, &taps, sizeof(taps), NULL, 0) != 0 ||
	    fd_read(sock, &go, 1) != 1)
		return err_set(e, -ESRCH, "the process that hands packets on is missing");
	return 0;
}

/* fn(arg), in the target. */
static int call_inside(const struct nstarget *t, int (*fn)(void *arg, struct err *e),
		       void *arg, struct err *e)
{
	autoclose int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0)
		return err_sys(e, "open '/proc/self/ns/net'");
	if (setns(t->net_fd, CLONE_NEWNET) != 0)
		return err_sys(e, "join the network namespace");
	r = fn(arg, e);
	if (setns(own, CLONE_NEWNET) != 0)
		return err_sys(e, "return from the network namespace");
	return r;
}

static int open_link(void *arg, struct err *e)
{
	return netlink_open(arg, NETLINK_ROUTE, e);
}

/* A new namespace has the host's congestion control. bbr would pace towards our stack,
 * which costs and is of no use (endpoint.c); what else somebody has chosen there stays.
 */
static int spare_pacing(void *arg, struct err *e)
{
	static const char at[] = "/proc/sys/net/ipv4/tcp_congestion_control";
	char now[32] = "";

	file_read_small(AT_FDCWD, at, now, sizeof(now));
	if (str_starts(now, "bbr"))
		file_write_small(AT_FDCWD, at, "reno");
	return 0;
}

struct asked {
	sa_family_t family;
	bool found;
};

/* Is there a default route of that family? */
static int find_default(void *arg, struct err *e)
{
	struct asked *a = arg;
	struct hostnet found;

	a->found = hostnet_find(a->family, NULL, &found, NULL) == 0;
	return 0;
}

static const struct nlattr *within(const struct nlattr *a, uint16_t type)
{
	return a ? netlink_find(a + 1, a->nla_len - NLA_HDRLEN, type) : NULL;
}

static int link_seen(const struct nlmsghdr *h, void *arg)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);
	const struct nlattr *info, *kind, *kept;

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return 0;
	info = netlink_find((const uint8_t *)m + NLMSG_ALIGN(sizeof(*m)),
			    h->nlmsg_len - NLMSG_SPACE(sizeof(*m)), IFLA_LINKINFO);
	kind = within(info, IFLA_INFO_KIND);
	kept = within(within(info, IFLA_INFO_DATA), IFLA_TUN_PERSIST);
	*(bool *)arg =
		kind && kind->nla_len > NLA_HDRLEN + 3 &&
		memcmp(kind + 1, "tun", 4) == 0 &&
		(!kept || kept->nla_len <= NLA_HDRLEN || *(const uint8_t *)(kept + 1));
	return 0;
}

/* A tap device that a caller (RootlessKit) has made for slirp4netns to open stands in the
 * way of ours, which takes its name. One that goes with a process is in use. */
static int replace_tap(const struct annex_plan *p, const struct nstarget *t,
		       struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	bool tap = false;
	int r = call_inside(t, open_link, nl, e);

	if (r == 0) {
		netlink_begin(nl, "find link", RTM_GETLINK, 0);
		netlink_header(nl, sizeof(struct ifinfomsg));
		netlink_put_str(nl, IFLA_IFNAME, p->ifname);
		netlink_dump(nl, link_seen, &tap, NULL);
	}
	if (tap) {
		link_del(nl, p->ifname);
		r = netlink_commit(nl, e);
	}
	netlink_done(nl);
	return r;
}

static void add_side(struct netlink *nl, uint32_t index, const struct annex_side *s,
		     const struct annex_plan *p, bool faceless)
{
	if (p->own_subnet) {
		link_add_addr(nl, index, &s->addr, s->prefix);
	} else {
		link_add_addr_alone(nl, index, &s->addr, s->prefix);
		link_add_host(nl, index, &s->router);
	}
	if (!faceless)
		link_add_default(nl, index, &s->router);
}

static int configure(const struct annex_plan *p, const struct nstarget *t,
		     bool *ret_faceless, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	uint32_t index;
	int r;

	if (!p->configure)
		return 0;
	r = call_inside(t, open_link, nl, e);
	if (r == 0)
		r = link_index(nl, p->ifname, &index, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(p->side); i++) {
		struct asked ask = { .family = p->side[i].addr.family };

		if (ask.family == AF_UNSPEC)
			continue;
		if (p->visits)
			r = call_inside(t, find_default, &ask, e);
		*ret_faceless = ask.found;
		add_side(nl, index, &p->side[i], p, *ret_faceless);
		if (r == 0)
			r = netlink_commit(nl, e);
	}
	netlink_done(nl);
	return r < 0 ? err_wrap(e, "configure '%s'", p->ifname) : 0;
}

/* A pair's end here goes with the other. A port there, or a tap, goes without a word here
 * (segment.h, tap.h); but the kernel tells of the end of a namespace that has a number in
 * this one. */
static void number_target(const struct nstarget *t)
{
	autofree struct netlink *nl = mem_new(struct netlink);

	if (netlink_open(nl, NETLINK_ROUTE, NULL) != 0)
		return;
	netlink_begin(nl, "number the namespace", RTM_NEWNSID, 0);
	netlink_header(nl, sizeof(struct rtgenmsg));
	netlink_put_u32(nl, NETNSA_NSID, (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	netlink_put_u32(nl, NETNSA_FD, (uint32_t)t->net_fd);
	netlink_commit(nl, NULL);
	netlink_done(nl);
}

static int open_watch(const struct nstarget *t, struct err *e)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_groups = RTMGRP_LINK | 1u << (RTNLGRP_NSID - 1) };
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				  NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		return err_sys(e, "listen for the end of the device");
	number_target(t);
	return TAKE_FD(fd);
}

/* What an annex before this one has left goes with its namespace, which the kernel takes
 * down a moment after the last process has left it. */
static int attach_patiently(const struct endpoint *ep, const struct nstarget *t,
			    struct err *e)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	int r;

	for (int i = 0; (r = endpoint_attach(ep, t->net_fd, e)) == -EEXIST && i < STEPS;
	     i++) {
		err_clear(e);
		nanosleep(&step, NULL);
	}
	return r;
}

/* The watch, or -errno. */
static int build(const struct annex_plan *p, const struct nstarget *t, int sock,
		 bool *ret_faceless, struct err *e)
{
	struct endpoint ep = { .bridge = ANNEX_BRIDGE,
			       .host_ifname = ANNEX_PORT,
			       .mtu = p->mtu,
			       .late = true };
	int r = nstarget_enter(t, e);

	if (r < 0)
		return r;
	/* Joining by pidfd asks for ptrace access, which a process that is not dumpable
	 * refuses; it holds nothing that the target's root could not make itself. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWNET) != 0)
		return err_sys(e, "make a network namespace");
	memcpy(ep.ifname, p->ifname, sizeof(ep.ifname));
	memcpy(ep.mac, p->mac, sizeof(ep.mac));
	if ((r = raise_bridge(p, e)) < 0 ||
	    (r == BRIDGE_TAPS && (r = await_patchbay(sock, e)) < 0) ||
	    (r = replace_tap(p, t, e)) < 0 || (r = attach_patiently(&ep, t, e)) < 0 ||
	    (r = configure(p, t, ret_faceless, e)) < 0 ||
	    (!p->visits && (r = call_inside(t, spare_pacing, NULL, e)) < 0))
		return r;
	return open_watch(t, e);
}

static void hold(const struct annex_plan *p, const struct nstarget *t, int sock)
{
	struct report said = { 0 };
	char end;

	prctl(PR_SET_NAME, "rootless-annex");
	said.code = build(p, t, sock, &said.faceless, &said.e);
	if (fd_send(sock, &said, sizeof(said), &said.code, said.code >= 0) == 0 &&
	    said.code >= 0)
		fd_read(sock, &end, 1);
	_exit(0);
}

/* --- the caller's side ----------------------------------------------------------------
 */

/* Should it die, with the one that waits to take its place (patchbay.h), or should its
 * caller, the other sees the end of the connection. */
static int start_patchbay(struct annex *a, struct err *e)
{
	char *const argv[] = { (char *)"rootless", (char *)"patchbay", NULL };
	int pair[2], r = fd_socketpair(SOCK_STREAM, pair);

	if (r < 0)
		return err_code(e, r, "make a socket pair");
	a->links = pair[0];
	autoclose int theirs = pair[1];
	autoclose int inner = sealed_open(e);
	int fds[] = { a->pidfd, theirs, -1, theirs };
	if (inner < 0)
		return inner;
	r = launch_serving(inner, argv, fds, ARRAY_LEN(fds), e);
	return r < 0 ? r : fd_write_all(a->sock, "g", 1);
}

static int hear(struct annex *a, struct report *ret, struct err *e)
{
	size_t n = 1;

	if (fd_recv(a->sock, ret, sizeof(*ret), &a->watch, &n) != sizeof(*ret))
		return err_set(e, -EIO, "the process beside the network namespace died");
	return ret->code < 0 ? err_set(e, ret->code, "%s", ret->e.text) : 0;
}

int annex_open(const struct annex_plan *p, const struct nstarget *t, struct annex *ret,
	       struct err *e)
{
	struct report said;
	int pair[2], r = fd_socketpair(SOCK_SEQPACKET, pair);

	if (r < 0)
		return err_code(e, r, "make a socket pair");
	*ret = (struct annex){ .pidfd = -1, .watch = -1, .links = -1, .sock = pair[0] };
	ret->pid = fork();
	if (ret->pid == 0) {
		fd_close(pair[0]);
		hold(p, t, pair[1]);
	}
	fd_close(pair[1]);
	if (ret->pid < 0)
		r = err_sys(e, "fork");
	else if ((ret->pidfd = pidfd_open(ret->pid)) < 0)
		r = err_code(e, ret->pidfd, "open a pidfd");
	else if ((r = hear(ret, &said, e)) == 0 && said.taps &&
		 (r = start_patchbay(ret, e)) == 0)
		r = hear(ret, &said, e);
	if (r < 0)
		annex_done(ret);
	else
		ret->faceless = said.faceless;
	return r;
}

void annex_leave(struct annex *a)
{
	a->sock = fd_close(a->sock);
	if (a->pid > 0)
		spawn_wait(a->pid);
	a->pid = 0;
	a->pidfd = fd_close(a->pidfd);
}

bool annex_ended(const struct annex *a)
{
	uint8_t data[8192] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = recv(a->watch, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *h = (const void *)data;
		size_t left = (size_t)n;

		for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			const struct nlattr *name;

			if (h->nlmsg_type == RTM_DELNSID)
				return true;
			if (h->nlmsg_type != RTM_DELLINK ||
			    h->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
				continue;
			name = netlink_find((const uint8_t *)NLMSG_DATA(h) +
						    NLMSG_ALIGN(sizeof(struct ifinfomsg)),
					    h->nlmsg_len -
						    NLMSG_SPACE(sizeof(struct ifinfomsg)),
					    IFLA_IFNAME);
			if (name && name->nla_len > NLA_HDRLEN + strlen(ANNEX_PORT) &&
			    str_eq((const char *)name + NLA_HDRLEN, ANNEX_PORT))
				return true;
		}
	}
	return false;
}

void annex_done(struct annex *a)
{
	annex_leave(a);
	a->watch = fd_close(a->watch);
	a->links = fd_close(a->links);
}
