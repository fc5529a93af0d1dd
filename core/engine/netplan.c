/* SPDX-License-Identifier: Apache-2.0 */
/* The network object of setup.json. */
#include "core/engine/netplan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static const char *const modes[] = { "none", "host", "container", "networks" };

/* Strings and lists by one table, for reading and writing. */
struct slots {
	const char *key;
	size_t at;
};
static const struct slots strings[] = {
	{ "peer", offsetof(struct netplan, peer) },
	{ "data", offsetof(struct netplan, data) },
	{ "run", offsetof(struct netplan, run) },
	{ "name", offsetof(struct netplan, name) },
	{ "hostname", offsetof(struct netplan, hostname) },
	{ "domainname", offsetof(struct netplan, domainname) },
	{ "mac", offsetof(struct netplan, mac) },
	{ "hostLoopback", offsetof(struct netplan, host_loopback) },
};
static const struct slots lists[] = {
	{ "addHost", offsetof(struct netplan, add_host) },
	{ "dns", offsetof(struct netplan, dns) },
	{ "dnsSearch", offsetof(struct netplan, dns_search) },
	{ "dnsOption", offsetof(struct netplan, dns_option) },
	{ "links", offsetof(struct netplan, links) },
	{ "linkHosts", offsetof(struct netplan, link_hosts) },
	{ "linkEnv", offsetof(struct netplan, link_env) },
};

static void *slot(const struct netplan *n, size_t at)
{
	return (char *)n + at;
}

struct netplan_end *netplan_add_end(struct netplan *n, const char *name)
{
	n->ends = mem_resize(n->ends, n->ends_len + 1, sizeof(*n->ends));
	struct netplan_end *end = &n->ends[n->ends_len++];
	*end = (struct netplan_end){ .name = str_dup(name) };
	return end;
}

struct netplan_end *netplan_find_end(struct netplan *n, const char *network)
{
	for (size_t i = 0; i < n->ends_len; i++)
		if (str_eq(n->ends[i].name, network) ||
		    (n->ends[i].id && str_eq(n->ends[i].id, network)))
			return &n->ends[i];
	return NULL;
}

static void end_done(struct netplan_end *end)
{
	free(end->name);
	free(end->id);
	free(end->wanted_mac);
	free(end->wanted_if);
	strv_done(&end->aliases);
}

struct netplan_end *netplan_pass(struct netplan *n, struct netplan_end *end)
{
	struct netplan_end *to;
	size_t at = (size_t)(end - n->ends);

	n->passing = mem_resize(n->passing, n->passing_len + 1, sizeof(*n->passing));
	to = &n->passing[n->passing_len++];
	*to = *end;
	to->at = at;
	memmove(end, end + 1, (n->ends_len - at - 1) * sizeof(*end));
	n->ends_len--;
	return to;
}

void netplan_drop_passing(struct netplan *n)
{
	for (size_t i = 0; i < n->passing_len; i++)
		end_done(&n->passing[i]);
	free(n->passing);
	n->passing = NULL;
	n->passing_len = 0;
}

void netplan_admit(struct netplan *n)
{
	while (n->passing_len) {
		const struct netplan_end *from = &n->passing[--n->passing_len];
		size_t at = from->at < n->ends_len ? from->at : n->ends_len;

		n->ends = mem_resize(n->ends, n->ends_len + 1, sizeof(*n->ends));
		memmove(&n->ends[at + 1], &n->ends[at],
			(n->ends_len++ - at) * sizeof(*n->ends));
		n->ends[at] = *from;
	}
}

void netplan_add_port(struct netplan *n, const struct publish *p)
{
	n->ports = mem_resize(n->ports, n->ports_len + 1, sizeof(*n->ports));
	n->ports[n->ports_len++] = (struct netplan_port){ .map = *p };
}

void netplan_drop_port(struct netplan *n, size_t i)
{
	n->ports_len--;
	memmove(&n->ports[i], &n->ports[i + 1], (n->ports_len - i) * sizeof(*n->ports));
}

void netplan_settle_ports(struct netplan *n)
{
	for (size_t i = n->ports_len; i--;) {
		if (n->ports[i].change == NETPLAN_REMOVED)
			netplan_drop_port(n, i);
		else
			n->ports[i].change = NETPLAN_KEPT;
	}
}

static int get_addr(yyjson_val *obj, const char *key, struct ip_addr *ret, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(obj, key, &text, e);

	if (r < 0 || !text)
		return r;
	r = ipam_parse_addr(text, ret);
	return r < 0 ? err_set(e, r, "'%s' is not an address", key) : 0;
}

static int get_name(yyjson_val *obj, const char *key, char *dst, size_t size,
		    struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(obj, key, &text, e);

	if (r < 0 || !text)
		return r;
	r = str_copy(dst, size, text);
	return r < 0 ? err_set(e, r, "'%s' is too long", key) : 0;
}

static int get_number(yyjson_val *obj, const char *key, uint64_t max, uint64_t *ret,
		      struct err *e)
{
	*ret = 0;
	int r = json_get_u64(obj, key, ret, e);
	return r == 0 && *ret > max ? err_set(e, -ERANGE, "'%s' is out of range", key)
				    : r;
}

static int get_mac(yyjson_val *obj, uint8_t mac[6], struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(obj, "mac", &text, e);

	if (r < 0 || !text)
		return r;
	return str_unhex(mac, 6, text, strlen(text))
		       ? err_set(e, -EINVAL, "'mac' is not an address")
		       : 0;
}

static int parse_end(yyjson_val *obj, struct netplan *n, struct err *e)
{
	const char *name = NULL, *id = NULL, *subnet = NULL, *subnet6 = NULL, *mac = NULL,
		   *ifname = NULL;
	uint64_t mtu, prefix, prefix6, guard;
	int r = json_get_str(obj, "name", &name, e);

	if (r < 0)
		return r;
	struct netplan_end *end = netplan_add_end(n, name ? name : "");
	struct endpoint *ep = &end->ep;
	if ((r = json_get_str(obj, "id", &id, e)) < 0 ||
	    (r = json_get_strv(obj, "aliases", &end->aliases, e)) < 0 ||
	    (r = json_get_str(obj, "wantedMac", &mac, e)) < 0 ||
	    (r = json_get_str(obj, "wantedIf", &ifname, e)) < 0 ||
	    (r = json_get_i64(obj, "priority", &end->priority, e)) < 0 ||
	    (r = get_addr(obj, "fixed", &end->fixed, e)) < 0 ||
	    (r = get_addr(obj, "fixed6", &end->fixed6, e)) < 0 ||
	    (r = get_addr(obj, "resolver", &end->resolver, e)) < 0 ||
	    (r = get_addr(obj, "resolver6", &end->resolver6, e)) < 0 ||
	    (r = json_get_bool(obj, "isolated", &ep->isolated, e)) < 0 ||
	    (r = json_get_bool(obj, "open", &ep->open, e)) < 0 ||
	    (r = json_get_str(obj, "subnet", &subnet, e)) < 0 ||
	    (r = json_get_str(obj, "subnet6", &subnet6, e)) < 0 ||
	    (r = json_get_bool(obj, "internal", &end->internal, e)) < 0 ||
	    (r = get_name(obj, "bridge", ep->bridge, sizeof(ep->bridge), e)) < 0 ||
	    (r = get_name(obj, "hostIf", ep->host_ifname, sizeof(ep->host_ifname), e)) <
		    0 ||
	    (r = get_name(obj, "if", ep->ifname, sizeof(ep->ifname), e)) < 0 ||
	    (r = get_mac(obj, ep->mac, e)) < 0 ||
	    (r = get_addr(obj, "addr", &ep->addr, e)) < 0 ||
	    (r = get_addr(obj, "gateway", &ep->gateway, e)) < 0 ||
	    (r = get_addr(obj, "addr6", &ep->addr6, e)) < 0 ||
	    (r = get_addr(obj, "gateway6", &ep->gateway6, e)) < 0 ||
	    (r = get_number(obj, "prefix", 32, &prefix, e)) < 0 ||
	    (r = get_number(obj, "prefix6", 128, &prefix6, e)) < 0 ||
	    (r = get_number(obj, "mtu", UINT32_MAX, &mtu, e)) < 0 ||
	    (r = get_number(obj, "guard", GUARD_WAYS - 1, &guard, e)) < 0)
		return r;
	ep->guard = (enum guard_way)guard;
	ep->mtu = (uint32_t)mtu;
	ep->prefix = (uint8_t)prefix;
	ep->prefix6 = (uint8_t)prefix6;
	str_set(&end->id, id);
	str_set(&end->wanted_mac, mac);
	str_set(&end->wanted_if, ifname);
	if ((subnet && ipam_parse_subnet(subnet, &end->subnet) < 0) ||
	    (subnet6 && ipam_parse_subnet(subnet6, &end->subnet6) < 0))
		return err_set(e, -EINVAL, "'subnet' is not one");
	return 0;
}

static int parse_passing(yyjson_val *obj, struct netplan *n, struct err *e)
{
	uint64_t at;
	int r = parse_end(obj, n, e);

	if (r < 0 || (r = get_number(obj, "at", SIZE_MAX, &at, e)) < 0)
		return r;
	netplan_pass(n, &n->ends[n->ends_len - 1])->at = (size_t)at;
	return 0;
}

static int parse_port(yyjson_val *obj, struct netplan *n, struct err *e)
{
	struct publish p = { 0 };
	uint64_t proto, host, host_end, port, fds, change, families;
	int r;

	if ((r = get_number(obj, "proto", PUBLISH_SCTP, &proto, e)) < 0 ||
	    (r = get_number(obj, "hostPort", UINT16_MAX, &host, e)) < 0 ||
	    (r = get_number(obj, "hostPortEnd", UINT16_MAX, &host_end, e)) < 0 ||
	    (r = get_number(obj, "port", UINT16_MAX, &port, e)) < 0 ||
	    (r = get_number(obj, "fds", 2, &fds, e)) < 0 ||
	    (r = get_number(obj, "change", NETPLAN_HANDED, &change, e)) < 0 ||
	    (r = get_number(obj, "families", PUBLISH_FOUR | PUBLISH_SIX, &families, e)) <
		    0 ||
	    (r = get_addr(obj, "hostIp", &p.host_ip, e)) < 0)
		return r;
	p.proto = (enum publish_proto)proto;
	p.host_port = (uint16_t)host;
	p.host_port_end = (uint16_t)host_end;
	p.port = (uint16_t)port;
	netplan_add_port(n, &p);
	n->ports[n->ports_len - 1].fds = fds;
	n->ports[n->ports_len - 1].change = (enum netplan_change)change;
	/* One of before has a listener for each. */
	n->ports[n->ports_len - 1].families = families  ? (unsigned int)families
					      : fds > 1 ? PUBLISH_FOUR | PUBLISH_SIX
							: PUBLISH_FOUR;
	return 0;
}

static int parse_array(yyjson_val *obj, const char *key,
		       int (*one)(yyjson_val *, struct netplan *, struct err *),
		       struct netplan *n, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	size_t i, max;
	int r = json_get_arr(obj, key, &arr, e);

	if (r < 0 || !arr)
		return r;
	yyjson_arr_foreach (arr, i, max, v) {
		if ((r = one(v, n, e)) < 0)
			return r;
	}
	return 0;
}

static int parse(yyjson_val *obj, struct netplan *n, struct err *e)
{
	const char *mode = NULL;
	int r = json_get_str(obj, "mode", &mode, e);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(strings); i++) {
		const char *text = NULL;
		if ((r = json_get_str(obj, strings[i].key, &text, e)) == 0)
			str_set(slot(n, strings[i].at), text);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(lists); i++)
		r = json_get_strv(obj, lists[i].key, slot(n, lists[i].at), e);
	if (r < 0 || (r = parse_array(obj, "ends", parse_end, n, e)) < 0 ||
	    (r = parse_array(obj, "passing", parse_passing, n, e)) < 0 ||
	    (r = parse_array(obj, "ports", parse_port, n, e)) < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (str_eq(mode, modes[i])) {
			n->mode = (enum netplan_mode)i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, "'mode' is not known");
}

int netplan_parse(yyjson_val *obj, struct netplan *ret, struct err *e)
{
	autodone(netplan_done) struct netplan n = { 0 };
	int r = parse(obj, &n, e);

	if (r < 0)
		return err_wrap(e, "network of setup.json");
	*ret = n;
	n = (struct netplan){ 0 };
	return 0;
}

static void add_addr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		     const struct ip_addr *a)
{
	char text[IPAM_TEXT_MAX];

	if (a->family != AF_UNSPEC)
		json_add_str(doc, obj, key, ipam_addr_text(text, a));
}

static void build_end(const struct netplan_end *end, yyjson_mut_doc *doc,
		      yyjson_mut_val *o)
{
	const struct endpoint *ep = &end->ep;
	char subnet[IPAM_TEXT_MAX], mac[13];

	json_add_str(doc, o, "name", end->name);
	json_add_str(doc, o, "id", end->id);
	json_add_strv(doc, o, "aliases", &end->aliases);
	json_add_str(doc, o, "wantedMac", end->wanted_mac);
	json_add_str(doc, o, "wantedIf", end->wanted_if);
	if (end->priority)
		yyjson_mut_obj_add_int(doc, o, "priority", end->priority);
	add_addr(doc, o, "fixed", &end->fixed);
	add_addr(doc, o, "fixed6", &end->fixed6);
	if (!ep->bridge[0])
		return;
	str_hex(mac, ep->mac, sizeof(ep->mac));
	json_add_str(doc, o, "bridge", ep->bridge);
	json_add_str(doc, o, "hostIf", ep->host_ifname);
	json_add_str(doc, o, "if", ep->ifname);
	json_add_str(doc, o, "mac", mac);
	add_addr(doc, o, "addr", &ep->addr);
	add_addr(doc, o, "gateway", &ep->gateway);
	json_add_str(doc, o, "subnet", ipam_subnet_text(subnet, &end->subnet));
	yyjson_mut_obj_add_uint(doc, o, "prefix", ep->prefix);
	yyjson_mut_obj_add_uint(doc, o, "mtu", ep->mtu);
	yyjson_mut_obj_add_bool(doc, o, "internal", end->internal);
	yyjson_mut_obj_add_bool(doc, o, "isolated", ep->isolated);
	if (ep->open)
		yyjson_mut_obj_add_bool(doc, o, "open", true);
	if (ep->guard)
		yyjson_mut_obj_add_uint(doc, o, "guard", ep->guard);
	add_addr(doc, o, "resolver", &end->resolver);
	if (ep->addr6.family == AF_UNSPEC)
		return;
	add_addr(doc, o, "addr6", &ep->addr6);
	add_addr(doc, o, "gateway6", &ep->gateway6);
	json_add_str(doc, o, "subnet6", ipam_subnet_text(subnet, &end->subnet6));
	yyjson_mut_obj_add_uint(doc, o, "prefix6", ep->prefix6);
	add_addr(doc, o, "resolver6", &end->resolver6);
}

static void build_port(const struct netplan_port *p, yyjson_mut_doc *doc,
		       yyjson_mut_val *o)
{
	yyjson_mut_obj_add_uint(doc, o, "proto", p->map.proto);
	add_addr(doc, o, "hostIp", &p->map.host_ip);
	yyjson_mut_obj_add_uint(doc, o, "hostPort", p->map.host_port);
	yyjson_mut_obj_add_uint(doc, o, "hostPortEnd", p->map.host_port_end);
	yyjson_mut_obj_add_uint(doc, o, "port", p->map.port);
	yyjson_mut_obj_add_uint(doc, o, "fds", p->fds);
	yyjson_mut_obj_add_uint(doc, o, "families", p->families);
	if (p->change != NETPLAN_KEPT)
		yyjson_mut_obj_add_uint(doc, o, "change", p->change);
}

int netplan_read(int bundle, struct setup *setup, struct netplan *ret, struct err *e)
{
	int r = setup_read(bundle, setup, e);

	if (r < 0)
		return r;
	if (!setup->network)
		return err_set(e, -EINVAL, "the container's setup.json has no network");
	return netplan_parse(setup->network, ret, e);
}

yyjson_mut_val *netplan_build(const struct netplan *n, yyjson_mut_doc *doc)
{
	yyjson_mut_val *obj = yyjson_mut_obj(doc);

	json_add_str(doc, obj, "mode", modes[n->mode]);
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		json_add_str(doc, obj, strings[i].key, *(char **)slot(n, strings[i].at));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		json_add_strv(doc, obj, lists[i].key, slot(n, lists[i].at));
	yyjson_mut_val *ends = json_add_arr(doc, obj, "ends");
	for (size_t i = 0; i < n->ends_len; i++)
		build_end(&n->ends[i], doc, yyjson_mut_arr_add_obj(doc, ends));
	yyjson_mut_val *passing =
		n->passing_len ? json_add_arr(doc, obj, "passing") : NULL;
	for (size_t i = 0; i < n->passing_len; i++) {
		yyjson_mut_val *end = yyjson_mut_arr_add_obj(doc, passing);

		yyjson_mut_obj_add_uint(doc, end, "at", n->passing[i].at);
		build_end(&n->passing[i], doc, end);
	}
	yyjson_mut_val *ports = json_add_arr(doc, obj, "ports");
	for (size_t i = 0; i < n->ports_len; i++)
		build_port(&n->ports[i], doc, yyjson_mut_arr_add_obj(doc, ports));
	return obj;
}

void netplan_done(struct netplan *n)
{
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		free(*(char **)slot(n, strings[i].at));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(slot(n, lists[i].at));
	for (size_t i = 0; i < n->ends_len; i++)
		end_done(&n->ends[i]);
	netplan_drop_passing(n);
	free(n->ends);
	free(n->ports);
	*n = (struct netplan){ 0 };
}
