/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net pasta: pasta's command line on our own network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/attended.h"
#include "core/engine/hostnet.h"
#include "core/net/border.h"

#include "applets/pasta.inc"

#define MTU_MAX    65520
#define NETNS_RUN  "/run/netns/"
#define PORTS_WAYS 4 /* -t, -u, -T, -U */

/* What the options come to. */
struct asked {
	struct standalone s;
	struct attended how;
	struct portspec ports[PORTS_WAYS];
	struct nstarget target;
	char *net; /* path of the namespace */
};

/* --- addresses ------------------------------------------------------------------------
 */

/* The address of that family among those given, at most one. */
static int pick(const struct strv *given, sa_family_t family, const char *option,
		struct ip_addr *ret, struct err *e)
{
	for (size_t i = 0; i < given->len; i++) {
		struct ip_addr a;

		if (ipam_parse_addr(given->v[i], &a) != 0)
			return err_set(e, -EINVAL, "--%s: '%s' is not an address", option,
				       given->v[i]);
		if (a.family != family)
			continue;
		if (ret->family)
			return err_set(e, -EINVAL,
				       "--%s is given more than once for IPv%d", option,
				       family == AF_INET ? 4 : 6);
		*ret = a;
	}
	return 0;
}

/* "24" or "255.255.255.0". */
static int parse_mask(const char *text, uint8_t *ret, struct err *e)
{
	struct ip_addr a;
	uint32_t mask;
	uint64_t bits;

	if (str_u64(text, 32, &bits) == 0) {
		*ret = (uint8_t)bits;
		return 0;
	}
	if (ipam_parse_addr(text, &a) != 0 || a.family != AF_INET)
		return err_set(e, -EINVAL, "--netmask=%s is not a netmask", text);
	mask = (uint32_t)a.bytes[0] << 24 | (uint32_t)a.bytes[1] << 16 |
	       (uint32_t)a.bytes[2] << 8 | a.bytes[3];
	if (~mask & (~mask + 1))
		return err_set(e, -EINVAL, "--netmask=%s is not a netmask", text);
	*ret = (uint8_t)__builtin_popcount(mask);
	return 0;
}

/* A given address that is not the host's has the prefix of its class, as pasta has it. */
static uint8_t classful(const struct ip_addr *a)
{
	uint8_t own = hostnet_prefix(a);

	if (own || a->family == AF_INET6)
		return own ? own : 64;
	return a->bytes[0] < 128 ? 8 : a->bytes[0] < 192 ? 16 : 24;
}

static int plan_side(const struct pasta *o, sa_family_t family, struct annex_plan *p,
		     struct err *e)
{
	struct annex_side *s = &p->side[family == AF_INET6];
	struct hostnet host = { 0 };
	struct ip_addr addr = { 0 }, via = { 0 };
	int r;

	if ((r = pick(&o->address, family, "address", &addr, e)) < 0 ||
	    (r = pick(&o->gateway, family, "gateway", &via, e)) < 0 ||
	    (r = pick(&o->dns_forward, family, "dns-forward", &s->resolver, e)) < 0)
		return r;
	if (!addr.family || !via.family) {
		r = hostnet_find(family, o->interface, &host, e);
		if (r == -ENOENT && !addr.family && !via.family) {
			s->resolver = (struct ip_addr){ 0 };
			return 0;
		}
		if (r < 0)
			return r;
	}
	s->addr = addr.family ? addr : host.addr;
	s->router = via.family ? via : host.gateway;
	s->prefix = addr.family ? classful(&addr) : host.prefix;
	if (family == AF_INET && o->netmask)
		r = parse_mask(o->netmask, &s->prefix, e);
	if (!p->ifname[0])
		str_copy(p->ifname, sizeof(p->ifname), host.ifname);
	return r;
}

static int plan(const struct pasta *o, struct annex_plan *p, struct err *e)
{
	int r = 0;

	p->configure = o->config_net;
	p->mtu = o->mtu ? (uint32_t)o->mtu : MTU_MAX;
	if (p->mtu < 68 || o->mtu < 0 || o->mtu > MTU_MAX)
		return err_set(e, -EINVAL, "--mtu=%lld: from 68 to %d", (long long)o->mtu,
			       MTU_MAX);
	if (o->four && o->six)
		return err_set(e, -EINVAL,
			       "--ipv4-only and --ipv6-only leave nothing together");
	if (o->ns_ifname &&
	    (str_copy(p->ifname, sizeof(p->ifname), o->ns_ifname) < 0 || !*o->ns_ifname))
		return err_set(e, -EINVAL, "'%s' is no name for a device", o->ns_ifname);
	if (!o->six)
		r = plan_side(o, AF_INET, p, e);
	if (r == 0 && !o->four)
		r = plan_side(o, AF_INET6, p, e);
	if (r < 0)
		return r;
	if (!p->side[0].addr.family && !p->side[1].addr.family)
		return err_set(e, -ENETUNREACH,
			       "this host has no default route to take the addresses "
			       "from: give --address and --gateway");
	if (!p->ifname[0])
		str_copy(p->ifname, sizeof(p->ifname), "tap0");
	standalone_mac(p->mac);
	return o->mac ? standalone_parse_mac(o->mac, p->mac, e) : 0;
}

/* --- the host -------------------------------------------------------------------------
 */

/* The addresses that podman gives for --map-guest-addr are those that stacks of ours have
 * for it (border.h). */
static int map_one(const char *text, const char *option, struct asked *a, struct err *e)
{
	bool loopback = str_eq(option, "map-host-loopback");
	const struct annex_side *v = a->s.plan.side;
	const struct stack_attachment any = { .portal = true };
	struct ip_addr addr, portal;

	if (str_eq(text, "none")) {
		if (loopback)
			a->s.loopback = false;
		return 0;
	}
	if (ipam_parse_addr(text, &addr) != 0)
		return err_set(e, -EINVAL, "--%s: '%s' is not an address", option, text);
	if (loopback &&
	    (ipam_addr_eq(&addr, &v[0].router) || ipam_addr_eq(&addr, &v[1].router)))
		return 0;
	border_portal(&any, addr.family, &portal);
	if (!ipam_addr_eq(&addr, &portal) || a->s.portal)
		return err_set(e, -EOPNOTSUPP,
			       "--%s=%s: %s" PORTAL " can be had, for one of the host's "
			       "loopback and its own address",
			       option, text, loopback ? "the router's address, or " : "");
	a->s.portal = loopback ? STANDALONE_LOOPBACK : STANDALONE_HOST;
	if (loopback)
		a->s.loopback = false;
	return 0;
}

static int map_host(const struct pasta *o, struct asked *a, struct err *e)
{
	int r = 0;

	a->s.loopback = !o->no_map_gw;
	for (size_t i = 0; r == 0 && i < o->map_host.len; i++)
		r = map_one(o->map_host.v[i], "map-host-loopback", a, e);
	for (size_t i = 0; r == 0 && i < o->map_guest.len; i++)
		r = map_one(o->map_guest.v[i], "map-guest-addr", a, e);
	return r;
}

/* --- ports ----------------------------------------------------------------------------
 */

static int read_ports(const struct pasta *o, struct asked *a, struct err *e)
{
	const struct strv *given[PORTS_WAYS] = { &o->tcp_ports, &o->udp_ports, &o->tcp_ns,
						 &o->udp_ns };
	int r = 0;

	for (size_t w = 0; w < PORTS_WAYS; w++) {
		struct publish like = { .proto = w & 1 ? PUBLISH_UDP : PUBLISH_TCP,
					.outward = w >= 2 };
		struct portspec *p = &a->ports[w];

		if (like.outward)
			like.host_ip = (struct ip_addr){ .family = AF_INET,
							 .bytes = { 127, [3] = 1 } };
		for (size_t i = 0; i < given[w]->len && r == 0; i++)
			r = portspec_parse(given[w]->v[i], &like, p, e);
		(like.outward ? a->s.auto_out : a->s.auto_in)[w & 1] =
			p->mode == PORTSPEC_UNSET || p->mode == PORTSPEC_AUTO;
		if (r < 0)
			return r;
		a->s.except[w & 1][like.outward] = p;
		a->s.ports = mem_resize(a->s.ports, a->s.ports_len + p->len + 1,
					sizeof(*a->s.ports));
		if (p->len)
			memcpy(a->s.ports + a->s.ports_len, p->v, p->len * sizeof(*p->v));
		a->s.ports_len += p->len;
	}
	return 0;
}

/* --- the namespace --------------------------------------------------------------------
 */

static bool is_number(const char *text)
{
	uint64_t v;

	return str_u64(text, INT32_MAX, &v) == 0;
}

/* By --netns, a process, or none: then a command gets new ones. */
static int find_target(const struct pasta *o, char **args, struct asked *a, struct err *e)
{
	int r;

	if (o->netns && args[0])
		return err_set(e, -EINVAL, "--netns and '%s' name two things to serve",
			       args[0]);
	if (o->netns)
		a->net = strchr(o->netns, '/') ? str_dup(o->netns)
					       : str_fmt(NETNS_RUN "%s", o->netns);
	else if (args[0] && !args[1] && is_number(args[0]))
		r = nstarget_of_pid(args[0], &a->net, e);
	if (!a->net) {
		if (o->userns)
			return err_set(e, -EINVAL,
				       "--userns needs a PID or --netns beside it");
		return attended_spawn(&a->how, args, &a->target, e);
	}
	r = nstarget_open(a->net, o->userns, &a->target, e);
	/* Sockets of ours inside, or its tables, would keep it from ending. */
	if (r == 0 && !o->no_netns_quit)
		a->s.alive = a->net;
	a->how.background = !o->foreground;
	return r;
}

static void describe(const struct annex_plan *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->side); i++) {
		char addr[IPAM_TEXT_MAX], via[IPAM_TEXT_MAX];

		if (p->side[i].addr.family)
			fprintf(stderr, "%s: %s/%u by %s\n", p->ifname,
				ipam_addr_text(addr, &p->side[i].addr), p->side[i].prefix,
				ipam_addr_text(via, &p->side[i].router));
	}
}

static int run(const struct pasta *o, char **args, struct asked *a, struct err *e)
{
	int r;

	a->s.exit_fd = -1;
	a->s.closed = (uint8_t)((o->no_tcp ? 1u << STACK_TCP : 0) |
				(o->no_udp ? 1u << STACK_UDP : 0) |
				(o->no_icmp ? 1u << STACK_ICMP : 0));
	a->how.pid_file = o->pid_file;
	a->how.log_file = o->log_file;
	if (o->quiet)
		log_set_level(LOG_ERROR);
	if (o->debug || o->trace)
		log_set_level(LOG_DEBUG);
	if ((r = plan(o, &a->s.plan, e)) < 0 || (r = map_host(o, a, e)) < 0 ||
	    (r = read_ports(o, a, e)) < 0 || (r = find_target(o, args, a, e)) < 0)
		return r;
	if (o->debug || o->trace)
		describe(&a->s.plan);
	return attended_run(&a->how, &a->s, &a->target, e);
}

static int pasta_main(void *opts_, char **args)
{
	const struct pasta *o = opts_;
	struct asked a = { .target = { -1, -1 } };
	struct err e = { 0 };
	int r;

	if (o->version) {
		puts("pasta (rootless " ROOTLESS_VERSION ")");
		return 0;
	}
	r = run(o, args, &a, &e);
	for (size_t w = 0; w < PORTS_WAYS; w++)
		portspec_done(&a.ports[w]);
	nstarget_done(&a.target);
	free(a.s.ports);
	free(a.net);
	if (r < 0)
		log_error("%s", e.text);
	return r >= 0 ? r : a.how.code ? a.how.code : 1;
}

const struct applet pasta_applet = {
	.name = "pasta",
	.args = "[OPTIONS] [PID | COMMAND [ARG...]]",
	.summary = "Give a network namespace this host's network, with pasta's command "
		   "line",
	.details =
		"Under the name pasta it serves RootlessKit, BuildKit and Podman in its "
		"place. Without PID\nand --netns it runs a command (a shell by default) "
		"in new namespaces. The device is one end\nof a veth pair; TCP runs in "
		"the kernel on both sides. There is no DHCP server and there are\nno "
		"router advertisements: --config-net sets the addresses.",
	.group = GROUP_PLUMBING,
	.opts = opts,
	.opts_size = sizeof(struct pasta),
	.links = (const char *const[]){ "pasta", NULL },
	.max_args = -1,
	.stop_at_operand = true,
	.main = pasta_main,
};
