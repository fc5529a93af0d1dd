/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net: a network for any network namespace of the user's. */
#include <errno.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/attended.h"

#define ADDR_NTH   100
#define ROUTER_NTH 2
#define NAMES_NTH  3
#define MTU_LEAST  68
#define MTU_MOST   65521

extern const struct applet pasta_applet, slirp4netns_applet;

struct net {
	bool detach, loopback, six;
	int64_t mtu;
	struct strv publish;
	char *ifname, *subnet, *pid_file;
};

static const struct opt opts[] = {
	OPT_BOOL(struct net, detach, 'd', "detach",
		 "With a PID: return once the network stands"),
	OPT_BOOL(struct net, loopback, 0, "host-loopback",
		 "The router's address leads to the host's loopback"),
	OPT_STRING_DEF(struct net, ifname, 0, "ifname", "name", "Name of the device",
		       "eth0"),
	OPT_BOOL(struct net, six, '6', "ipv6", "IPv6 too (fd00::/64)"),
	OPT_INT(struct net, mtu, 0, "mtu", "MTU of the device", "1500"),
	OPT_STRING(struct net, pid_file, 0, "pidfile", "path",
		   "Write the process's number to this file"),
	OPT_LIST(struct net, publish, 'p', "publish", "list",
		 "Publish a port of the namespace on the host"),
	OPT_STRING_DEF(
		struct net, subnet, 0, "subnet", "subnet",
		"Subnet: the namespace is its 100th address, the router its 2nd, the "
		"resolver its 3rd",
		"10.0.2.0/24"),
	OPT_END,
};

static void plan_side(const struct ip_subnet *net, struct annex_side *s)
{
	s->prefix = net->prefix;
	ipam_nth(net, ADDR_NTH, &s->addr);
	ipam_nth(net, ROUTER_NTH, &s->router);
	ipam_nth(net, NAMES_NTH, &s->resolver);
}

static int plan(const struct net *o, struct standalone *s, struct err *e)
{
	const struct ip_subnet six = { .addr = { .family = AF_INET6, .bytes = { 0xfd } },
				       .prefix = 64 };
	struct ip_subnet net;
	int r = 0;

	if (ipam_parse_subnet(o->subnet, &net) != 0 || net.addr.family != AF_INET ||
	    net.prefix > 25)
		return err_set(e, -EINVAL,
			       "--subnet=%s is not an IPv4 subnet with a hundredth "
			       "address",
			       o->subnet);
	if (o->mtu < MTU_LEAST || o->mtu > MTU_MOST)
		return err_set(e, -EINVAL, "--mtu=%lld: from %d to %d", (long long)o->mtu,
			       MTU_LEAST, MTU_MOST);
	if (str_copy(s->plan.ifname, sizeof(s->plan.ifname), o->ifname) < 0 ||
	    !*o->ifname)
		return err_set(e, -EINVAL, "'%s' is no name for a device", o->ifname);
	s->plan.mtu = (uint32_t)o->mtu;
	s->plan.configure = s->plan.own_subnet = true;
	s->loopback = o->loopback;
	s->exit_fd = -1;
	standalone_mac(s->plan.mac);
	plan_side(&net, &s->plan.side[0]);
	if (o->six)
		plan_side(&six, &s->plan.side[1]);
	for (size_t i = 0; i < o->publish.len && r == 0; i++)
		r = publish_parse(o->publish.v[i], &s->ports, &s->ports_len, e);
	return r;
}

static int serve(const struct net *o, char **args, struct standalone *s, struct err *e)
{
	struct attended how = { .pid_file = o->pid_file };
	struct nstarget t = { .user_fd = -1, .net_fd = -1 };
	autofree char *net = NULL;
	uint64_t pid;
	int r = plan(o, s, e);

	if (r < 0) {
		log_error("%s", e->text);
		return 125;
	}
	if (args[0] && !args[1] && str_u64(args[0], INT32_MAX, &pid) == 0) {
		how.background = o->detach;
		r = nstarget_of_pid(args[0], &net, e);
		if (r == 0)
			r = nstarget_open(net, NULL, &t, e);
	} else if (o->detach) {
		r = err_set(e, -EINVAL, "--detach needs a PID");
	} else {
		r = attended_spawn(&how, args, &t, e);
	}
	if (r == 0)
		r = attended_run(&how, s, &t, e);
	nstarget_done(&t);
	if (r < 0)
		log_error("%s", e->text);
	return r >= 0 ? r : how.code ? how.code : 125;
}

static const struct applet_verb verbs[] = {
	{ "pasta", &pasta_applet },
	{ "slirp4netns", &slirp4netns_applet },
	{ NULL, NULL },
};

static int net_main(void *opts_, char **args)
{
	struct standalone s = { 0 };
	struct err e = { 0 };
	int r = 0, n = 0;

	for (const struct applet_verb *v = verbs; args[0] && v->name; v++) {
		autofree char *name = str_fmt("rootless net %s", v->name);

		while (args[n])
			n++;
		if (str_eq(args[0], v->name))
			return applet_run_as(v->applet, name, n, args);
	}
	r = serve(opts_, args, &s, &e);
	free(s.ports);
	return r;
}

const struct applet net_applet = {
	.name = "net",
	.args = "[OPTIONS] [PID | COMMAND [ARG...]]",
	.summary = "Give a network namespace a network: a process's, or a command's own",
	.details =
		"Without PID the command (a shell by default) runs as root of a new user "
		"namespace, in a new\nnetwork namespace. `rootless net slirp4netns` and "
		"`rootless net pasta`, or links of those names,\ntake the options of the "
		"programs, so that RootlessKit, BuildKit and Podman can use them.",
	.group = GROUP_HOST,
	.opts = opts,
	.opts_size = sizeof(struct net),
	.verbs = verbs,
	.max_args = -1,
	.stop_at_operand = true,
	.main = net_main,
};
