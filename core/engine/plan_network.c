/* SPDX-License-Identifier: Apache-2.0 */
/* Networks, ports and links. */
#include "core/engine/plan_network.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/expose.h"
#include "core/engine/hostloop.h"
#include "core/engine/linkage.h"
#include "core/engine/network.h"
#include "core/engine/plan_share.h"
#include "core/net/stack.h"

static bool is_published(const struct spec *spec, const struct publish *port)
{
	for (size_t i = 0; i < spec->publish_len; i++)
		if (spec->publish[i].port == port->port &&
		    spec->publish[i].proto == port->proto)
			return true;
	return false;
}

static void plan_publish(struct plan *p)
{
	const struct spec *spec = p->spec;

	if (p->net.mode != NETPLAN_NETWORKS)
		return;
	for (size_t i = 0; i < spec->publish_len; i++)
		netplan_add_port(&p->net, &spec->publish[i]);
	for (size_t i = 0; spec->publish_all && i < p->exposed.len; i++) {
		struct publish port;
		if (!expose_publish(p->exposed.v[i], &port) && !is_published(spec, &port))
			netplan_add_port(&p->net, &port);
	}
}

/* --- wishes --------------------------------------------------------------------------
 */

/* What --ip and its kin say goes to the first network, unless that has its own. */
static int check_twice(const struct spec *s, const struct netwish *first, struct err *e)
{
	const struct {
		bool given;
		const char *option, *field;
	} both[] = {
		{ s->network_aliases.len && first->aliases.len, "network-alias",
		  "alias" },
		{ s->ip && first->ip, "ip", "IPv4 address" },
		{ s->ip6 && first->ip6, "ip6", "IPv6 address" },
		{ s->mac && first->mac, "mac-address", "MAC address" },
	};

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		if (both[i].given)
			return err_set(
				e, -EINVAL,
				"conflicting options: cannot specify both --%s and "
				"per-network %s",
				both[i].option, both[i].field);
	return 0;
}

static int add_end(struct plan *p, const struct netwish *w, bool first, struct err *e)
{
	const struct spec *s = p->spec;
	const char *name = str_eq(w->name, "default") ? NETWORK_DEFAULT : w->name;
	const char *ip = first && s->ip ? s->ip : w->ip;
	const char *ip6 = first && s->ip6 ? s->ip6 : w->ip6;
	struct netplan_end *end = netplan_add_end(&p->net, name);
	bool own = !str_eq(name, NETWORK_DEFAULT);

	strv_addv(&end->aliases, strv_view(&w->aliases));
	if (first)
		strv_addv(&end->aliases, strv_view(&s->network_aliases));
	if (ip && (ipam_parse_addr(ip, &end->fixed) || end->fixed.family != AF_INET))
		return err_set(e, -EINVAL, "invalid IPv4 address: %s", ip);
	if (ip6 && (ipam_parse_addr(ip6, &end->fixed6) || end->fixed6.family != AF_INET6))
		return err_set(e, -EINVAL, "invalid IPv6 address: %s", ip6);
	str_set(&end->wanted_mac, w->mac);
	str_set(&end->wanted_if, w->ifname);
	end->priority = w->priority;
	if ((ip || ip6) && !own)
		return err_set(
			e, -EINVAL,
			"user specified IP address is supported on user defined networks "
			"only");
	if (end->aliases.len && !own)
		return err_set(
			e, -EINVAL,
			"network-scoped aliases are only supported for user-defined "
			"networks");
	return 0;
}

static enum netplan_mode mode_of(const char *name)
{
	return str_eq(name, "none")             ? NETPLAN_NONE
	       : str_eq(name, "host")           ? NETPLAN_HOST
	       : str_starts(name, "container:") ? NETPLAN_CONTAINER
						: NETPLAN_NETWORKS;
}

static int add_networks(struct plan *p, struct err *e)
{
	const struct spec *s = p->spec;
	struct netwish only = { .name = str_empty(s->network) ? (char *)NETWORK_DEFAULT
							      : s->network };
	const struct netwish *v = s->networks_len ? s->networks : &only;
	size_t len = s->networks_len ? s->networks_len : 1;
	int r = check_twice(s, v, e);

	p->net.mode = mode_of(v[0].name);
	if (p->net.mode == NETPLAN_CONTAINER)
		p->net.peer = str_dup(v[0].name + strlen("container:"));
	for (size_t i = 1; r == 0 && i < len; i++)
		if (p->net.mode != NETPLAN_NETWORKS ||
		    mode_of(v[i].name) != NETPLAN_NETWORKS)
			return err_set(e, -EINVAL,
				       "conflicting options: cannot attach both "
				       "user-defined and non-user-defined network-modes");
	if (len > STACK_NETWORKS_MAX)
		return err_set(e, -E2BIG, "more than %d networks for one container",
			       STACK_NETWORKS_MAX);
	for (size_t i = 0; r == 0 && p->net.mode == NETPLAN_NETWORKS && i < len; i++)
		r = add_end(p, &v[i], i == 0, e);
	return r;
}

/* --- checks --------------------------------------------------------------------------
 */

static int check_loopback(const struct plan *p, struct err *e)
{
	struct stack_attachment place = { 0 };

	if (p->spec->host_loopback && p->net.mode != NETPLAN_NETWORKS)
		return err_set(e, -EINVAL,
			       "conflicting options: host-loopback is for containers on "
			       "networks, --network %s has %s",
			       p->net.mode == NETPLAN_HOST        ? "host"
			       : p->net.mode == NETPLAN_CONTAINER ? "container"
								  : "none",
			       p->net.mode == NETPLAN_HOST ? "the host's loopback already"
			       : p->net.mode == NETPLAN_CONTAINER
				       ? "that container's ways"
				       : "no way out");
	return hostloop_parse(p->spec->host_loopback, &place, e);
}

/* Addresses and names belong to a network of one's own. */
static int check_addresses(const struct plan *p, struct err *e)
{
	const struct spec *s = p->spec;

	if (p->net.mode == NETPLAN_NETWORKS)
		return 0;
	if (s->mac)
		return err_set(e, -EINVAL,
			       "conflicting options: mac-address and the network mode");
	if (s->ip || s->ip6)
		return err_set(
			e, -EINVAL,
			"user specified IP address is supported on user defined networks "
			"only");
	if (s->network_aliases.len)
		return err_set(
			e, -EINVAL,
			"network-scoped aliases are only supported for user-defined "
			"networks");
	if (s->links.len)
		return err_set(e, -EINVAL,
			       "conflicting options: %s type networking can't be used "
			       "with links. This would result in undefined behavior",
			       p->net.mode == NETPLAN_HOST        ? "host"
			       : p->net.mode == NETPLAN_CONTAINER ? "container"
								  : "none");
	return 0;
}

static int check_container(const struct plan *p, struct err *e)
{
	const struct spec *s = p->spec;
	const struct {
		bool given;
		const char *what;
	} bad[] = { { s->hostname != NULL, "hostname" },
		    { s->dns.len > 0, "dns" },
		    { s->add_host.len > 0, "custom host-to-IP mapping" },
		    { s->publish_len > 0 || s->publish_all, "port publishing" },
		    { s->expose.len > 0, "port exposing" } };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (bad[i].given)
			return err_set(
				e, -EINVAL,
				"conflicting options: %s and the container type network "
				"mode",
				bad[i].what);
	return *p->net.peer ? 0
			    : err_set(e, -EINVAL,
				      "invalid container format container:<name|id>");
}

static int check_networks(const struct store *s, struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->net.ends_len; i++) {
		struct netplan_end *end = &p->net.ends[i];
		autodone(network_done) struct network n = { 0 };
		int r = network_open(s, p->cfg, end->name, &n, e);

		if (r < 0)
			return r;
		for (size_t k = 0; k < i; k++)
			if (str_eq(p->net.ends[k].id, n.id))
				return err_set(e, -EINVAL,
					       "network \"%s\" is specified multiple "
					       "times",
					       end->name);
		str_set(&end->id, n.id);
		end->internal = n.bridge.internal;
	}
	/* Not before it runs: the record has docker's "" until then. */
	for (size_t i = 0; i < p->net.ends_len; i++)
		str_set(&p->net.ends[i].id, NULL);
	return 0;
}

static int check(const struct store *s, struct plan *p, struct err *e)
{
	int r = check_loopback(p, e);

	r = r < 0 ? r : check_addresses(p, e);
	if (r < 0 || (p->spec->mac && (r = netwish_check_mac(p->spec->mac, e)) < 0))
		return r;
	if (p->net.mode != NETPLAN_CONTAINER)
		return check_networks(s, p, e);
	r = check_container(p, e);
	return r < 0 ? r : plan_share_network(s, p, e);
}

int plan_network(const struct store *s, struct plan *p, struct err *e)
{
	const struct spec *spec = p->spec;
	struct netplan *n = &p->net;
	int r = add_networks(p, e);

	if (r < 0)
		return r;
	n->data = str_dup(s->data);
	n->run = str_dup(s->run);
	n->name = str_dup(p->name);
	n->hostname = str_dup(p->hostname);
	n->domainname = str_dup(spec->domainname);
	n->mac = str_dup(spec->mac);
	n->host_loopback = str_dup(spec->host_loopback);
	strv_addv(&n->add_host, strv_view(&spec->add_host));
	strv_addv(&n->dns, strv_view(spec->dns.len ? &spec->dns : &p->cfg->dns));
	strv_addv(&n->dns_search, strv_view(spec->dns_search.len ? &spec->dns_search
								 : &p->cfg->dns_search));
	strv_addv(&n->dns_option, strv_view(spec->dns_option.len ? &spec->dns_option
								 : &p->cfg->dns_options));
	plan_publish(p);
	if ((r = check(s, p, e)) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < spec->links.len; i++)
		r = linkage_add(s, spec->links.v[i], n, e);
	return r;
}
