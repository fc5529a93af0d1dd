/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: subnets that collide with nothing of the host, and leases inside one. */
#include "core/net/ipam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/resolvconf.h"
#include "core/ns/netlink.h"

#define IPAM_ROUTES_MAX 4096
#define IPAM_LOTS       64

static size_t ipam_size(const struct ip_addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

int ipam_parse_addr(const char *text, struct ip_addr *ret)
{
	struct ip_addr a = { 0 };

	if (strlen(text) >= IPAM_TEXT_MAX)
		return -EINVAL;
	a.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, text, a.bytes) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

int ipam_parse_subnet(const char *text, struct ip_subnet *ret)
{
	const char *slash = strchr(text, '/');
	char host[IPAM_TEXT_MAX];
	struct ip_subnet s = { 0 };
	uint64_t prefix;

	if (!slash || slash - text >= IPAM_TEXT_MAX)
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = 0;
	if (ipam_parse_addr(host, &s.addr) != 0 ||
	    str_u64(slash + 1, 8 * ipam_size(&s.addr), &prefix) != 0)
		return -EINVAL;
	s.prefix = (uint8_t)prefix;
	*ret = s;
	return 0;
}

char *ipam_addr_text(char dst[IPAM_TEXT_MAX], const struct ip_addr *a)
{
	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, dst, IPAM_TEXT_MAX))
		dst[0] = 0;
	return dst;
}

char *ipam_subnet_text(char dst[IPAM_TEXT_MAX], const struct ip_subnet *s)
{
	char host[IPAM_TEXT_MAX];

	ipam_addr_text(host, &s->addr);
	if (!host[0] || str_print(dst, IPAM_TEXT_MAX, "%s/%u", host, s->prefix) != 0)
		dst[0] = 0;
	return dst;
}

/* Are the first n bits of a and b the same? */
static bool ipam_same_bits(const uint8_t *a, const uint8_t *b, unsigned int n)
{
	unsigned int whole = n / 8, rest = n % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool ipam_contains(const struct ip_subnet *s, const struct ip_addr *a)
{
	return s->addr.family == a->family && a->family != AF_UNSPEC &&
	       ipam_same_bits(s->addr.bytes, a->bytes, s->prefix);
}

bool ipam_overlap(const struct ip_subnet *a, const struct ip_subnet *b)
{
	unsigned int n = a->prefix < b->prefix ? a->prefix : b->prefix;

	return a->addr.family == b->addr.family && a->addr.family != AF_UNSPEC &&
	       ipam_same_bits(a->addr.bytes, b->addr.bytes, n);
}

bool ipam_addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family &&
	       (a->family == AF_UNSPEC || memcmp(a->bytes, b->bytes, ipam_size(a)) == 0);
}

struct ip_subnet ipam_masked(const struct ip_subnet *s)
{
	struct ip_subnet m = *s;

	for (size_t i = 0; i < ipam_size(&s->addr); i++) {
		unsigned int keep = s->prefix > 8 * i ? s->prefix - 8 * (unsigned)i : 0;

		if (keep < 8)
			m.addr.bytes[i] &= (uint8_t) ~(0xff >> keep);
	}
	return m;
}

/* The address n after the subnet's first; 0 is that itself. */
static int ipam_at(const struct ip_subnet *s, uint64_t n, struct ip_addr *ret)
{
	size_t size = ipam_size(&s->addr);
	unsigned int bits = (unsigned int)(8 * size - s->prefix);
	struct ip_addr a = ipam_masked(s).addr;

	if (s->addr.family == AF_UNSPEC || (bits < 64 && n >= 1ull << bits))
		return -ERANGE;
	for (size_t i = 0; i < 8 && i < size; i++)
		a.bytes[size - 1 - i] |= (uint8_t)(n >> (8 * i));
	*ret = a;
	return 0;
}

/* May a host have it? An IPv4 subnet's last address is for broadcasts; the first stands
 * for the subnet, in IPv6 for any of its routers. */
static bool ipam_hostly(const struct ip_subnet *s, const struct ip_addr *a)
{
	size_t size = ipam_size(a);
	struct ip_addr edge;
	bool ones = true;

	if (!ipam_contains(s, a) || (ipam_at(s, 0, &edge) == 0 && ipam_addr_eq(&edge, a)))
		return false;
	for (size_t i = s->prefix; i < 8 * size; i++)
		ones &= a->bytes[i / 8] >> (7 - i % 8) & 1;
	return !ones || a->family != AF_INET || s->prefix > 30;
}

int ipam_nth(const struct ip_subnet *s, uint64_t n, struct ip_addr *ret)
{
	struct ip_addr a;

	if (n == 0 || ipam_at(s, n, &a) != 0 || !ipam_hostly(s, &a))
		return -ERANGE;
	*ret = a;
	return 0;
}

static bool ipam_free(const struct ip_subnet *s, const struct ip_subnet *used, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* A default route covers everything and collides with nothing. */
		if (used[i].prefix && ipam_overlap(s, &used[i]))
			return false;
	}
	return true;
}

int ipam_pick_subnet(const struct ip_subnet *used, size_t n, struct ip_subnet *ret,
		     struct err *e)
{
	struct ip_subnet s = { .addr.family = AF_INET, .prefix = 16 };

	s.addr.bytes[0] = 172;
	for (uint8_t i = 17; i < 32; i++) {
		s.addr.bytes[1] = i;
		if (ipam_free(&s, used, n)) {
			*ret = s;
			return 0;
		}
	}
	s.prefix = 20;
	s.addr.bytes[0] = 192;
	s.addr.bytes[1] = 168;
	for (unsigned int i = 0; i < 256; i += 16) {
		s.addr.bytes[2] = (uint8_t)i;
		if (ipam_free(&s, used, n)) {
			*ret = s;
			return 0;
		}
	}
	return err_set(e, -ENOSPC,
		       "could not find an available, non-overlapping IPv4 address pool "
		       "among the defaults to assign to the network");
}

int ipam_pick_subnet6(const struct ip_subnet *used, size_t n, struct ip_subnet *ret,
		      struct err *e)
{
	struct ip_subnet s = { .addr = { .family = AF_INET6, .bytes = { 0xfd } },
			       .prefix = 64 };

	for (int i = 0; i < IPAM_LOTS; i++) {
		/* 40 bits of lot; the 16 of the subnet stay 0: a user can see whose it
		 * is.
		 */
		id_random(s.addr.bytes + 1, 5);
		if (ipam_free(&s, used, n)) {
			*ret = s;
			return 0;
		}
	}
	return err_set(e, -ENOSPC,
		       "could not find an IPv6 address pool that no route overlaps: give "
		       "one by --subnet");
}

static bool ipam_used(const struct ip_addr *a, const struct ip_addr *used, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ipam_addr_eq(a, &used[i]))
			return true;
	return false;
}

int ipam_pick_addr(const struct ipam_pool *p, const struct ip_addr *used, size_t n,
		   struct ip_addr *ret, struct err *e)
{
	bool part = p->range.addr.family != AF_UNSPEC;
	const struct ip_subnet *from = part ? &p->range : &p->subnet;
	uint64_t first = part ? 0 : 2;
	char text[IPAM_TEXT_MAX];
	struct ip_addr a;

	/* n addresses in use, and the subnet's two edges, leave one of the first n + 3
	 * free. */
	for (uint64_t i = first; i <= first + n + 2; i++) {
		if (ipam_at(from, i, &a) != 0)
			break;
		if (ipam_hostly(&p->subnet, &a) && !ipam_used(&a, used, n)) {
			*ret = a;
			return 0;
		}
	}
	return err_set(e, -ENOSPC, "no available IPv%d addresses in '%s'",
		       from->addr.family == AF_INET ? 4 : 6,
		       ipam_subnet_text(text, from));
}

struct ipam_list {
	struct ip_subnet *v;
	size_t len;
};

static void ipam_add(struct ipam_list *l, const struct ip_subnet *s)
{
	if (l->len == IPAM_ROUTES_MAX)
		return;
	l->v = mem_resize(l->v, l->len + 1, sizeof(*l->v));
	l->v[l->len++] = *s;
}

static int ipam_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *r = NLMSG_DATA(h);
	struct ip_subnet s = { 0 };
	const struct nlattr *dst;
	size_t n;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*r)))
		return 0;
	if (r->rtm_type != RTN_UNICAST ||
	    (r->rtm_family != AF_INET && r->rtm_family != AF_INET6))
		return 0;
	dst = netlink_find((const uint8_t *)r + NLMSG_ALIGN(sizeof(*r)),
			   h->nlmsg_len - NLMSG_SPACE(sizeof(*r)), RTA_DST);
	n = r->rtm_family == AF_INET ? 4 : 16;
	if (!dst || dst->nla_len < NLA_HDRLEN + n)
		return 0;
	s.addr.family = r->rtm_family;
	s.prefix = r->rtm_dst_len;
	memcpy(s.addr.bytes, (const uint8_t *)dst + NLA_HDRLEN, n);
	ipam_add(arg, &s);
	return 0;
}

/* A resolver is often reached by the default route alone (10.0.2.3), and must stay so. */
static void ipam_resolvers(struct ipam_list *l)
{
	autobuf text = { .max = RESOLVCONF_SIZE_MAX };
	struct resolvconf conf;

	if (file_read(AT_FDCWD, "/etc/resolv.conf", RESOLVCONF_SIZE_MAX, &text) != 0)
		return;
	resolvconf_parse(buf_str(&text), text.len, &conf);
	for (size_t i = 0; i < conf.servers_len; i++) {
		struct ip_subnet s = { .addr = conf.servers[i].addr };

		s.prefix = (uint8_t)(8 * ipam_size(&s.addr));
		ipam_add(l, &s);
	}
}

int ipam_host_routes(struct ip_subnet **ret, size_t *ret_len, struct err *e)
{
	autofree struct netlink *nl = mem_new(struct netlink);
	struct ipam_list l = { 0 };
	struct rtmsg *r;
	int rc;

	rc = netlink_open(nl, NETLINK_ROUTE, e);
	if (rc)
		return rc;
	netlink_begin(nl, "list routes", RTM_GETROUTE, NLM_F_DUMP);
	r = netlink_header(nl, sizeof(*r));
	r->rtm_family = AF_UNSPEC;
	rc = netlink_dump(nl, ipam_route, &l, e);
	netlink_done(nl);
	if (rc) {
		free(l.v);
		return rc;
	}
	ipam_resolvers(&l);
	*ret = l.v ? l.v : mem_alloc(1);
	*ret_len = l.len;
	return 0;
}

void ipam_mac(const struct ip_addr *a, uint8_t ret[6])
{
	ret[0] = 0x02;
	ret[1] = 0x42;
	if (a->family == AF_INET)
		memcpy(ret + 2, a->bytes, 4);
	else
		id_random(ret + 2, 4);
}
