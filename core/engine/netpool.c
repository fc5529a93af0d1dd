/* SPDX-License-Identifier: Apache-2.0 */
/* The address pools of a new network. */
#include "core/engine/netpool.h"

#include <errno.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/border.h"

/* The slots of one family. */
static struct ip_subnet *subnet_of(struct network *n, sa_family_t family)
{
	return family == AF_INET6 ? &n->bridge.subnet6 : &n->bridge.subnet;
}

static struct ip_addr *gateway_of(struct network *n, sa_family_t family)
{
	return family == AF_INET6 ? &n->bridge.gateway6 : &n->bridge.gateway;
}

/* "This network", loopback, multicast and what lies above; of IPv6 the unspecified's and
 * loopback's neighbourhood, links' own addresses, multicast. */
static bool is_hostless(const struct ip_subnet *s)
{
	static const struct ip_subnet those[] = {
		{ { .family = AF_INET, .bytes = { 0 } }, 8 },
		{ { .family = AF_INET, .bytes = { 127 } }, 8 },
		{ { .family = AF_INET, .bytes = { 224 } }, 3 },
		{ { .family = AF_INET6, .bytes = { 0 } }, 8 },
		{ { .family = AF_INET6, .bytes = { 0xfe, 0x80 } }, 10 },
		{ { .family = AF_INET6, .bytes = { 0xff } }, 8 },
	};

	for (size_t i = 0; i < ARRAY_LEN(those); i++)
		if (ipam_overlap(&those[i], s))
			return true;
	return false;
}

static int check_subnet(const char *text, struct ip_subnet *s, struct err *e)
{
	char shown[IPAM_TEXT_MAX];
	struct ip_subnet masked;

	if (ipam_parse_subnet(text, s))
		return err_set(e, -EINVAL, "invalid subnet %s: invalid CIDR address",
			       text);
	uint8_t high = s->addr.family == AF_INET ? 30 : 126;
	if (s->prefix < 8 || s->prefix > high)
		return err_set(e, -EINVAL,
			       "invalid subnet %s: its length has to be from 8 to %u",
			       text, high);
	if (is_hostless(s))
		return err_set(
			e, -EINVAL,
			"invalid subnet %s: its addresses are no hosts' (loopback, "
			"multicast, or reserved)",
			text);
	masked = ipam_masked(s);
	if (!ipam_addr_eq(&masked.addr, &s->addr))
		return err_set(e, -EINVAL,
			       "invalid network config: invalid subnet %s: it should be "
			       "%s",
			       text, ipam_subnet_text(shown, &masked));
	return 0;
}

static int given_subnet(const char *text, const struct netpool_taken *taken,
			struct network *n, struct err *e)
{
	struct ip_subnet s;
	int r = check_subnet(text, &s, e);

	if (r < 0)
		return r;
	if (subnet_of(n, s.addr.family)->addr.family != AF_UNSPEC)
		return err_set(e, -EPERM,
			       "bridge driver doesn't support multiple subnets: one of "
			       "IPv4 and one of IPv6");
	for (size_t i = 0; i < taken->networks_len; i++)
		if (ipam_overlap(&taken->networks[i], &s))
			return err_set(e, -EEXIST,
				       "invalid pool request: Pool overlaps with other "
				       "one on this address space");
	*subnet_of(n, s.addr.family) = s;
	return 0;
}

/* An address or range of --gateway, --ip-range or --aux-address has to be in a subnet
 * that was given, as docker asks. */
static int match(struct network *n, const struct ip_addr *a, const char *what,
		 const char *text, struct err *e)
{
	const struct ip_subnet *s = subnet_of(n, a->family);

	if (ipam_contains(s, a) && !ipam_addr_eq(&s->addr, a))
		return 0;
	return err_set(e, -EINVAL, "no matching subnet for %s %s", what, text);
}

static int given_gateway(const char *text, struct network *n, struct err *e)
{
	char one[IPAM_TEXT_MAX], other[IPAM_TEXT_MAX];
	struct ip_addr a;
	int r;

	if (ipam_parse_addr(text, &a))
		return err_set(e, -EINVAL, "invalid gateway address: %s", text);
	struct ip_addr *slot = gateway_of(n, a.family);
	if ((r = match(n, &a, "gateway", text, e)) < 0)
		return r;
	if (slot->family != AF_UNSPEC)
		return err_set(e, -EINVAL,
			       "cannot configure multiple gateway (%s, %s) for the same "
			       "subnet (%s)",
			       text, ipam_addr_text(one, slot),
			       ipam_subnet_text(other, subnet_of(n, a.family)));
	*slot = a;
	return 0;
}

static int given_range(const char *text, struct network *n, struct err *e)
{
	struct ip_subnet range;

	if (ipam_parse_subnet(text, &range))
		return err_set(e, -EINVAL, "invalid ip-range %s: invalid CIDR address",
			       text);
	range = ipam_masked(&range);
	const struct ip_subnet *s = subnet_of(n, range.addr.family);
	struct ip_subnet *slot = &n->range[range.addr.family == AF_INET6];
	if (!ipam_contains(s, &range.addr) || range.prefix < s->prefix)
		return err_set(e, -EINVAL, "no matching subnet for range %s", text);
	if (slot->addr.family != AF_UNSPEC)
		return err_set(
			e, -EINVAL,
			"cannot configure multiple ranges on the same subnet: %s is the "
			"second",
			text);
	*slot = range;
	return 0;
}

/* "router=10.0.0.9" */
static int given_aux(const char *text, struct network *n, struct err *e)
{
	const char *eq = strchr(text, '=');
	struct network_aux aux = { 0 };
	int r;

	if (!eq || eq == text || ipam_parse_addr(eq + 1, &aux.addr))
		return err_set(e, -EINVAL, "invalid aux-address: %s", text);
	if ((r = match(n, &aux.addr, "aux-address", eq + 1, e)) < 0)
		return r;
	aux.name = str_ndup(text, (size_t)(eq - text));
	n->aux = mem_resize(n->aux, n->aux_len + 1, sizeof(*n->aux));
	n->aux[n->aux_len++] = aux;
	return 0;
}

static int each(const struct strv *texts,
		int (*one)(const char *, struct network *, struct err *),
		struct network *n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && texts && i < texts->len; i++)
		r = one(texts->v[i], n, e);
	return r;
}

/* The default gateway is the first address. */
static int fill_gateway(struct ip_subnet *s, struct ip_addr *gateway)
{
	return s->addr.family == AF_UNSPEC || gateway->family != AF_UNSPEC
		       ? 0
		       : ipam_nth(s, 1, gateway);
}

/* What is neither a route's nor another network's. */
static int choose(const struct netpool_taken *taken, bool six, struct ip_subnet *ret,
		  struct err *e)
{
	size_t n = taken->networks_len + taken->routes_len;
	autofree struct ip_subnet *used = mem_array(n + 1, sizeof(*used));

	if (taken->networks_len)
		memcpy(used, taken->networks, taken->networks_len * sizeof(*used));
	if (taken->routes_len)
		memcpy(used + taken->networks_len, taken->routes,
		       taken->routes_len * sizeof(*used));
	return six ? ipam_pick_subnet6(used, n, ret, e)
		   : ipam_pick_subnet(used, n, ret, e);
}

/* Where nothing was said, IPv6 is there when the host has it; a plan of the user's own
 * (--subnet) is left as it is. */
static bool wants_six(const struct network_want *w, const struct network *n)
{
	struct ip_addr own;

	if (w->ipv6 != NETWORK_IPV6_AUTO)
		return w->ipv6 == NETWORK_IPV6_ON;
	return n->bridge.subnet6.addr.family == AF_INET6 ||
	       (!(w->subnets && w->subnets->len) && border_host(AF_INET6, &own) == 0);
}

int netpool_fill(const struct network_want *w, const struct netpool_taken *taken,
		 struct network *n, struct err *e)
{
	struct bridge *b = &n->bridge;
	int r = 0;

	for (size_t i = 0; r == 0 && w->subnets && i < w->subnets->len; i++)
		r = given_subnet(w->subnets->v[i], taken, n, e);
	if (r < 0)
		return r;
	if (w->ipv6 == NETWORK_IPV6_OFF && b->subnet6.addr.family == AF_INET6)
		return err_set(e, -EINVAL,
			       "--ipv6=false and an IPv6 subnet exclude each "
			       "other");
	if ((r = each(w->gateways, given_gateway, n, e)) < 0 ||
	    (r = each(w->ranges, given_range, n, e)) < 0 ||
	    (r = each(w->aux, given_aux, n, e)) < 0)
		return r;
	if (b->subnet.addr.family == AF_UNSPEC)
		r = choose(taken, false, &b->subnet, e);
	if (r == 0 && b->subnet6.addr.family == AF_UNSPEC && wants_six(w, n))
		r = choose(taken, true, &b->subnet6, e);
	if (r == 0)
		r = fill_gateway(&b->subnet, &b->gateway);
	return r < 0 ? r : fill_gateway(&b->subnet6, &b->gateway6);
}

int netpool_bip(const char *text, struct network *n, struct err *e)
{
	struct ip_subnet s;

	if (ipam_parse_subnet(text, &s) || s.addr.family != AF_INET || s.prefix < 8 ||
	    s.prefix > 30)
		return err_set(e, -EINVAL, "'bip': '%s' is not an IPv4 address/prefix",
			       text);
	n->bridge.gateway = s.addr;
	n->bridge.subnet = ipam_masked(&s);
	return 0;
}
