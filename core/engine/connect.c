/* SPDX-License-Identifier: Apache-2.0 */
/* The network of one start. */
#include "core/engine/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/netjoin.h"
#include "core/engine/network.h"
#include "core/runtime/monitor.h"

#define HOSTFILE_MAX (1u << 20)
#define BUSY_TRIES   15
#define BUSY_MS      20
#define MANY_PORTS   100

/* --mac-address is that of the first network. */
static void own_mac(const struct netplan *n, const struct netplan_end *end,
		    uint8_t mac[6])
{
	const char *own = end->wanted_mac  ? end->wanted_mac
			  : end == n->ends ? n->mac
					   : NULL;
	char hex[13] = "";
	size_t len = 0;

	if (!own)
		return;
	for (const char *p = own; *p && len < 12; p++)
		if (*p != ':' && *p != '-')
			hex[len++] = (char)(*p >= 'A' && *p <= 'F' ? *p | 32 : *p);
	str_unhex(mac, 6, hex, len);
}

/* The container's interface: the first name that none of its others has. */
static size_t free_index(const struct netplan *n, const struct netplan_end *own)
{
	for (size_t index = 0;; index++) {
		autofree char *name = str_fmt("eth%zu", index);
		bool taken = false;

		for (size_t i = 0; i < n->ends_len; i++)
			taken |= &n->ends[i] != own &&
				 (str_eq(n->ends[i].ep.ifname, name) ||
				  (n->ends[i].wanted_if &&
				   str_eq(n->ends[i].wanted_if, name)));
		if (!taken)
			return index;
	}
}

/* The first network with a way out is that of the default route, in each family. */
static bool has_route(const struct netplan *n, const struct netplan_end *own,
		      sa_family_t family)
{
	for (size_t i = 0; i < n->ends_len; i++)
		if (&n->ends[i] != own && (n->ends[i].ep.gateway.family == family ||
					   n->ends[i].ep.gateway6.family == family))
			return true;
	return false;
}

/* The realm's side of the pair is named by the container, so that a leftover is
 * recognised. */
static void fill_endpoint(const struct network *net, const char *id,
			  const struct netplan *n, struct netplan_end *end)
{
	struct endpoint *ep = &end->ep;
	size_t index = free_index(n, end);

	str_copy(ep->bridge, sizeof(ep->bridge), net->bridge.ifname);
	str_print(ep->host_ifname, sizeof(ep->host_ifname), "veth%.9s%zu", id, index);
	str_print(ep->ifname, sizeof(ep->ifname), "eth%zu", index);
	if (end->wanted_if)
		str_copy(ep->ifname, sizeof(ep->ifname), end->wanted_if);
	ep->prefix = net->bridge.subnet.prefix;
	ep->prefix6 = net->bridge.subnet6.prefix;
	ep->gateway = net->bridge.gateway;
	ep->gateway6 = net->bridge.gateway6;
	if (net->bridge.internal || has_route(n, end, AF_INET))
		ep->gateway = (struct ip_addr){ 0 };
	if (net->bridge.internal || has_route(n, end, AF_INET6))
		ep->gateway6 = (struct ip_addr){ 0 };
	ep->mtu = net->bridge.mtu;
	ep->isolated = net->bridge.isolated;
	ep->open = net->source == NETWORK_SOURCE_ANY;
}

/* An address in one family, into *at: the fixed one, or the one of the last run, or any.
 */
struct claim {
	const struct ip_subnet *subnet;
	const struct ip_addr *gateway, *fixed;
	struct ip_addr *at;
};

static int take_lease(const struct connect_want *w, const struct network *net,
		      const struct claim *c, struct err *e)
{
	bool fixed = c->fixed->family != AF_UNSPEC;
	struct ip_addr want = fixed ? *c->fixed : *c->at;
	char text[IPAM_TEXT_MAX];
	int r;

	/* Not before it is leased anew is the old address one to give back. */
	*c->at = (struct ip_addr){ 0 };
	if (fixed &&
	    (!ipam_contains(c->subnet, &want) || ipam_addr_eq(c->gateway, &want)))
		return err_set(e, -EINVAL,
			       "invalid endpoint settings: no configured subnet contains "
			       "IP address %s",
			       ipam_addr_text(text, &want));
	if (c->subnet->addr.family == AF_UNSPEC)
		return 0;
	want.family = c->subnet->addr.family;
	r = network_lease(w->store, net, w->c->id, want, c->at, e);
	if (r < 0 || !fixed || ipam_addr_eq(c->at, &want))
		return r;
	network_release(w->store, net->id, w->c->id, c->at);
	*c->at = (struct ip_addr){ 0 };
	return err_set(e, -EADDRINUSE, "Address already in use: %s on network %s",
		       ipam_addr_text(text, &want), net->name);
}

static int take_leases(const struct connect_want *w, const struct network *net,
		       struct netplan_end *end, struct err *e)
{
	const struct bridge *b = &net->bridge;
	const struct claim claims[] = {
		{ &b->subnet, &b->gateway, &end->fixed, &end->ep.addr },
		{ &b->subnet6, &b->gateway6, &end->fixed6, &end->ep.addr6 },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(claims); i++)
		r = take_lease(w, net, &claims[i], e);
	return r;
}

/* Where the network says that it must be. */
static int check_guard(const struct network *net, enum guard_way way, struct err *e)
{
	const char *lack = network_guard_lack(way);

	if (net->source != NETWORK_SOURCE_CHECKED || !lack)
		return 0;
	return err_set(
		e, -EOPNOTSUPP,
		"network %s: source_check=true cannot be kept on this kernel, which "
		"has no %s: make the network without that option, where a container "
		"with CAP_NET_RAW or CAP_NET_ADMIN can take a neighbour's address",
		net->name, lack);
}

int connect_lease(const struct connect_want *w, struct netplan *n,
		  struct netplan_end *end, struct err *e)
{
	autodone(network_done) struct network net = { 0 };
	int r = network_open(w->store, w->cfg, end->name, &net, e);

	if (r < 0)
		return r;
	if (net.plain)
		return err_set(
			e, -EINVAL,
			"container cannot be connected to network %s and to others",
			net.name);
	str_set(&end->id, net.id);
	str_set(&end->name, net.name); /* not the ID that was given for it */
	if ((r = take_leases(w, &net, end, e)) < 0)
		return r;
	end->ep.ifname[0] = 0;
	fill_endpoint(&net, w->c->id, n, end);
	ipam_mac(&end->ep.addr, end->ep.mac);
	own_mac(n, end, end->ep.mac);
	end->subnet = net.bridge.subnet;
	end->subnet6 = net.bridge.subnet6;
	end->resolver = net.bridge.gateway;
	end->resolver6 = net.bridge.gateway6;
	end->internal = net.bridge.internal;
	r = network_ensure(w->store, w->realm, &net, e);
	end->ep.guard = network_guard(w->store, w->realm);
	return r < 0 ? r : check_guard(&net, end->ep.guard, e);
}

/* A port of a container that went a moment ago: the stack lets its listeners go when it
 * hears of it, so a busy port is asked for a few times. */
static int listen_patiently(const struct publish *p, int fds[2], size_t *n,
			    uint16_t *port, struct err *e)
{
	int r = publish_listen(p, fds, n, port, e);

	for (int i = 0; r == -EADDRINUSE && i < BUSY_TRIES; i++) {
		poll(NULL, 0, BUSY_MS);
		err_clear(e);
		r = publish_listen(p, fds, n, port, e);
	}
	return r;
}

int connect_bind_ports(const struct store *s, const struct config *cfg, struct netplan *n,
		       size_t from, struct err *e)
{
	autodone(network_done) struct network net = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && from < n->ports_len && i < n->ends_len; i++) {
		network_done(&net);
		r = network_open(s, cfg, n->ends[i].name, &net, e);
		if (r == 0 && !net.bridge.internal)
			break;
	}
	for (size_t i = from; r == 0 && net.binding.family && i < n->ports_len; i++)
		if (n->ports[i].map.host_ip.family == AF_UNSPEC)
			n->ports[i].map.host_ip = net.binding;
	return r;
}

/* Both families of one address count as one port of the plan. */
static int open_port(struct netplan_port *p, int *kept, size_t *kept_len, struct err *e)
{
	int fds[2];
	size_t n = 0;
	uint16_t port = 0;

	p->fds = 0;
	if (*kept_len + 2 > MONITOR_KEEP_MAX)
		return err_set(e, -E2BIG, "more than %d published ports are not possible",
			       (MONITOR_KEEP_MAX - NETJOIN_KEPT_STACK - 1) / 2);
	int r = listen_patiently(&p->map, fds, &n, &port, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		kept[(*kept_len)++] = fds[i];
	p->fds = n;
	p->families = publish_families(fds, n);
	p->map.host_port = p->map.host_port_end = port;
	return 0;
}

/* Two listeners a port, and each of them a second time on its way to the monitor: the
 * usual soft limit of 1024 descriptors is soon reached. */
static void raise_files(size_t ports)
{
	struct rlimit files;

	if (ports <= MANY_PORTS || getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* What was asked for, from the record: the plan holds the ports of the last run. */
static int restore_ports(const struct connect_want *w, struct netplan *n, struct err *e)
{
	yyjson_val *host =
		yyjson_obj_get(yyjson_doc_get_root(w->c->record), "HostConfig");
	yyjson_val *map = yyjson_obj_get(host, "PortBindings");

	for (size_t i = 0; i < n->ports_len; i++) {
		struct publish *p = &n->ports[i].map;
		autofree char *key =
			str_fmt("%u/%s", p->port, publish_proto_name(p->proto));
		yyjson_val *list = yyjson_obj_get(map, key), *b;
		size_t nth = 0, k, max;
		/* The same container port may be published several times: in their order.
		 */
		for (size_t j = 0; j < i; j++)
			nth += n->ports[j].map.port == p->port &&
			       n->ports[j].map.proto == p->proto;
		uint64_t first = 0, last = 0;
		yyjson_arr_foreach (list, k, max, b) {
			const char *text = "";
			if (k != nth)
				continue;
			int r = json_get_str(b, "HostPort", &text, e);
			if (r < 0)
				return r;
			const char *dash = strchr(text, '-');
			autofree char *low = str_ndup(text, dash ? (size_t)(dash - text)
								 : strlen(text));
			str_u64(low, UINT16_MAX, &first);
			last = first;
			if (dash)
				str_u64(dash + 1, UINT16_MAX, &last);
		}
		p->host_port = (uint16_t)first;
		p->host_port_end = (uint16_t)last;
	}
	return 0;
}

/* The one of the highest priority first: it has the default route. Among equals in their
 * order. */
static int lease_all(const struct connect_want *w, struct netplan *n, struct err *e)
{
	autofree bool *done = mem_array(n->ends_len + 1, sizeof(*done));
	int r = 0;

	for (size_t k = 0; r == 0 && k < n->ends_len; k++) {
		size_t best = n->ends_len;

		for (size_t i = 0; i < n->ends_len; i++)
			if (!done[i] && (best == n->ends_len ||
					 n->ends[i].priority > n->ends[best].priority))
				best = i;
		done[best] = true;
		r = connect_lease(w, n, &n->ends[best], e);
	}
	return r;
}

int connect_network(const struct connect_want *w, struct netplan *n, int *kept,
		    size_t *kept_len, struct err *e)
{
	int r;

	if (n->mode != NETPLAN_NETWORKS)
		return 0;
	/* Ports first: a conflict is the likeliest failure, and costs nothing to undo. */
	kept[(*kept_len)++] = -1;
	size_t stack = *kept_len - 1;
	netplan_settle_ports(n);
	if ((r = restore_ports(w, n, e)) < 0 ||
	    (r = connect_bind_ports(w->store, w->cfg, n, 0, e)) < 0)
		return r;
	raise_files(n->ports_len);
	for (size_t i = 0; i < n->ports_len; i++)
		if ((r = open_port(&n->ports[i], kept, kept_len, e)) < 0)
			return r;
	/* The namespace that they passed in or out of has gone. */
	for (size_t i = 0; i < n->passing_len; i++)
		connect_release(w->store, w->c->id, &n->passing[i]);
	netplan_drop_passing(n);
	/* Names and routes of the last run stand in nobody's way. */
	for (size_t i = 0; i < n->ends_len; i++) {
		n->ends[i].ep.ifname[0] = 0;
		n->ends[i].ep.gateway = n->ends[i].ep.gateway6 = (struct ip_addr){ 0 };
	}
	if ((r = lease_all(w, n, e)) < 0)
		return r;
	r = network_stack(w->store, w->realm, e);
	if (r < 0)
		return r;
	kept[stack] = r;
	return 0;
}

void connect_undo(const struct store *s, const char *id, const struct netplan *n)
{
	for (size_t i = 0; i < n->ends_len; i++)
		connect_release(s, id, &n->ends[i]);
}

void connect_release(const struct store *s, const char *id, const struct netplan_end *end)
{
	const struct ip_addr *addrs[] = { &end->ep.addr, &end->ep.addr6 };

	for (size_t i = 0; end->id && i < ARRAY_LEN(addrs); i++)
		if (addrs[i]->family != AF_UNSPEC)
			network_release(s, end->id, id, addrs[i]);
}

static int copy_files(const struct connect_want *w, const struct container *peer,
		      struct err *e)
{
	static const char *const files[] = { "hosts", "hostname", "resolv.conf" };

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		autobuf text = { .max = HOSTFILE_MAX };
		int r = file_read(peer->dirfd, files[i], HOSTFILE_MAX, &text);
		if (r == 0)
			r = file_replace_nosync(w->c->dirfd, files[i], buf_str(&text),
						text.len, 0644);
		if (r < 0)
			return err_code(e, r, "copy '%s' of container %s", files[i],
					peer->name);
	}
	return 0;
}

int connect_peer_files(const struct connect_want *w, const struct netplan *n,
		       struct err *e)
{
	autodone(container_done) struct container peer = { 0 };
	int r;

	if (n->mode != NETPLAN_CONTAINER)
		return 0;
	if ((r = container_open(w->store, n->peer, &peer, e)) < 0)
		return r;
	if (peer.state.status != STATE_RUNNING)
		return err_set(e, -EBUSY,
			       "cannot join network of a non running container: %s",
			       peer.id);
	return copy_files(w, &peer, e);
}
