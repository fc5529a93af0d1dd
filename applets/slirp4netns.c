/* SPDX-License-Identifier: Apache-2.0 */
/* rootless net slirp4netns: slirp4netns' command line on our own network. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/applet.h"
#include "core/engine/standalone.h"

#define MTU_MAX     65521
#define ADDR_NTH    100 /* of the subnet, as slirp4netns gives them */
#define ROUTER_NTH  2
#define NAMES_NTH   3
#define PREFIX_LONG 25 /* a longer one has no hundredth address */

struct slirp {
	bool configure, six, no_loopback, sandbox, seccomp, no_dns, version;
	int64_t exit_fd, ready_fd, mtu;
	char *api, *cidr, *netns_type, *userns, *mac, *target_type;
};

static const struct opt opts[] = {
	OPT_STRING(struct slirp, api, 'a', "api-socket", "path",
		   "Serve requests to add and remove ports on this socket"),
	OPT_STRING_DEF(struct slirp, cidr, 0, "cidr", "subnet",
		       "Subnet: the namespace is its 100th address, the host its 2nd, "
		       "the resolver its 3rd",
		       "10.0.2.0/24"),
	OPT_BOOL(struct slirp, configure, 'c', "configure",
		 "Set addresses and routes of the device"),
	OPT_BOOL(struct slirp, no_dns, 0, "disable-dns", "Answer no names"),
	OPT_BOOL(struct slirp, no_loopback, 0, "disable-host-loopback",
		 "Close the host's loopback to the namespace"),
	OPT_BOOL(struct slirp, six, '6', "enable-ipv6", "IPv6 too (fd00::/64)"),
	OPT_BOOL(struct slirp, sandbox, 0, "enable-sandbox",
		 "Give up all files (always so, by Landlock where the kernel has it)"),
	OPT_BOOL(struct slirp, seccomp, 0, "enable-seccomp",
		 "Give up all system calls but those needed (always so)"),
	OPT_INT(struct slirp, exit_fd, 'e', "exit-fd", "End when this descriptor does",
		"-1"),
	OPT_STRING(struct slirp, mac, 0, "macaddress", "mac",
		   "Hardware address of the device"),
	OPT_INT(struct slirp, mtu, 'm', "mtu", "MTU of the device", "1500"),
	OPT_STRING_DEF(struct slirp, netns_type, 0, "netns-type", "type",
		       "What the first operand is: \"pid\" or \"path\"", "pid"),
	OPT_INT(struct slirp, ready_fd, 'r', "ready-fd",
		"Write \"1\" to this descriptor when the network stands", "-1"),
	OPT_STRING_DEF(struct slirp, target_type, 0, "target-type", "type",
		       "Only \"netns\"", "netns"),
	OPT_STRING(struct slirp, userns, 0, "userns-path", "path",
		   "User namespace to act from (default: the owner's)"),
	OPT_BOOL(struct slirp, version, 'v', "version", "Print the version and quit"),
	OPT_REFUSED("outbound-addr", "the host's routes decide the source address"),
	OPT_REFUSED("outbound-addr6", "the host's routes decide the source address"),
	OPT_END,
};

static int check_fd(int64_t fd, const char *name, struct err *e)
{
	if (fd == -1)
		return 0;
	if (fd < 0 || fd > INT32_MAX || fd_cloexec((int)fd, true) < 0)
		return err_set(e, -EBADF, "--%s=%lld is no open descriptor", name,
			       (long long)fd);
	return 0;
}

static int plan_four(const struct slirp *o, struct annex_side *s, struct err *e)
{
	struct ip_subnet net;

	if (ipam_parse_subnet(o->cidr, &net) != 0 || net.addr.family != AF_INET)
		return err_set(e, -EINVAL, "--cidr=%s is not an IPv4 subnet", o->cidr);
	if (net.prefix > PREFIX_LONG)
		return err_set(e, -EINVAL,
			       "--cidr=%s is too small: the namespace is its 100th "
			       "address",
			       o->cidr);
	s->prefix = net.prefix;
	ipam_nth(&net, ADDR_NTH, &s->addr);
	ipam_nth(&net, ROUTER_NTH, &s->router);
	if (!o->no_dns)
		ipam_nth(&net, NAMES_NTH, &s->resolver);
	return 0;
}

/* The address is what the kernel would make of the hardware address (EUI-64). */
static void plan_six(const struct slirp *o, const uint8_t mac[6], struct annex_side *s)
{
	const struct ip_subnet net = { .addr = { .family = AF_INET6, .bytes = { 0xfd } },
				       .prefix = 64 };
	const uint8_t id[8] = { mac[0] ^ 2, mac[1], mac[2], 0xff,
				0xfe,       mac[3], mac[4], mac[5] };

	s->prefix = net.prefix;
	s->addr = net.addr;
	memcpy(s->addr.bytes + 8, id, sizeof(id));
	ipam_nth(&net, ROUTER_NTH, &s->router);
	if (!o->no_dns)
		ipam_nth(&net, NAMES_NTH, &s->resolver);
}

static int plan(const struct slirp *o, const char *ifname, struct annex_plan *p,
		struct err *e)
{
	int r;

	p->configure = o->configure;
	p->own_subnet = true;
	p->mtu = (uint32_t)o->mtu;
	if (o->mtu < 68 || o->mtu > MTU_MAX)
		return err_set(e, -EINVAL, "--mtu=%lld: from 68 to %d", (long long)o->mtu,
			       MTU_MAX);
	if (str_copy(p->ifname, sizeof(p->ifname), ifname) < 0 || !*ifname)
		return err_set(e, -EINVAL, "'%s' is no name for a device", ifname);
	if (o->mac && !o->configure)
		return err_set(e, -EINVAL, "--macaddress needs --configure");
	standalone_mac(p->mac);
	if (o->mac && (r = standalone_parse_mac(o->mac, p->mac, e)) < 0)
		return r;
	r = plan_four(o, &p->side[0], e);
	if (r == 0 && o->six)
		plan_six(o, p->mac, &p->side[1]);
	return r;
}

static int find_target(const struct slirp *o, const char *operand, struct nstarget *t,
		       struct err *e)
{
	autofree char *net = NULL;
	int r = 0;

	if (!str_eq(o->target_type, "netns"))
		return err_set(e, -EOPNOTSUPP,
			       "--target-type=%s: only network namespaces are served, no "
			       "virtual machines",
			       o->target_type);
	if (str_eq(o->netns_type, "path"))
		net = str_dup(operand);
	else if (str_eq(o->netns_type, "pid"))
		r = nstarget_of_pid(operand, &net, e);
	else
		r = err_set(e, -EINVAL, "--netns-type=%s: 'pid' or 'path'",
			    o->netns_type);
	return r < 0 ? r : nstarget_open(net, o->userns, t, e);
}

static int tell_ready(void *arg, struct err *e)
{
	int fd = *(const int *)arg;
	int r = fd < 0 ? 0 : fd_write_all(fd, "1", 1);

	fd_close(fd);
	return r < 0 ? err_code(e, r, "write to --ready-fd=%d", fd) : 0;
}

static int slirp_main(void *opts_, char **args)
{
	const struct slirp *o = opts_;
	int ready_fd = (int)o->ready_fd;
	struct standalone s = { .loopback = !o->no_loopback,
				.api = o->api,
				.exit_fd = (int)o->exit_fd,
				.log_fd = STDERR_FILENO,
				.ready = tell_ready,
				.arg = &ready_fd };
	struct nstarget t = { .user_fd = -1, .net_fd = -1 };
	struct err e = { 0 };
	int r;

	if (o->version) {
		puts("slirp4netns version 1.2.0 (rootless " ROOTLESS_VERSION ")");
		return 0;
	}
	if (!args[0])
		r = err_set(&e, -EINVAL, "the PID or path of the namespace is missing");
	else if ((r = check_fd(o->exit_fd, "exit-fd", &e)) == 0 &&
		 (r = check_fd(o->ready_fd, "ready-fd", &e)) == 0 &&
		 (r = plan(o, args[1] ? args[1] : "tap0", &s.plan, &e)) == 0 &&
		 (r = find_target(o, args[0], &t, &e)) == 0)
		r = standalone_run(&s, &t, &e);
	nstarget_done(&t);
	if (r < 0)
		log_error("%s", e.text);
	return r < 0 ? 1 : r;
}

const struct applet slirp4netns_applet = {
	.name = "slirp4netns",
	.args = "[OPTIONS] PID|PATH [TAPNAME]",
	.summary = "Give a network namespace a network, with slirp4netns' command line",
	.details =
		"Under the name slirp4netns it serves RootlessKit, BuildKit and Podman "
		"in its place. The\ndevice is one end of a veth pair, named as asked; "
		"TCP runs in the kernel on both sides.\nThere is no DHCP: without "
		"--configure the address to set is the 100th of the subnet.",
	.group = GROUP_PLUMBING,
	.opts = opts,
	.opts_size = sizeof(struct slirp),
	.links = (const char *const[]){ "slirp4netns", NULL },
	.max_args = 2,
	.main = slirp_main,
};
