/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver's knowledge. */
#include "core/net/resolver.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/border.h"
#include "core/net/sockaddr.h"

#define RESOLVER_PORT      53
#define RESOLVER_TTL       0 /* a container's address may be another's at any moment */
#define RESOLVER_IN        1
#define RESOLVER_PRAISE_MS 60000

static bool resolver_host_name(const char *name)
{
	return str_eq(name, "host.docker.internal") ||
	       str_eq(name, "host.containers.internal") ||
	       str_eq(name, "gateway.docker.internal");
}

/* By the first of its places that leads there. */
static const struct stack_attachment *resolver_portal(const struct tenant *t,
						      sa_family_t *ret)
{
	for (size_t i = 0; i < t->places_len; i++) {
		struct ip_addr a;

		*ret = t->places[i].addr.family == AF_INET ? AF_INET : AF_INET6;
		if (border_portal(&t->places[i], *ret, &a))
			return &t->places[i];
	}
	return NULL;
}

/* The host's address for a container there. Where both have IPv4 that one alone: most
 * services of a host listen on no other, and of two a client prefers the other. */
static bool resolver_host(const struct tenant *t, sa_family_t family, struct ip_addr *ret)
{
	sa_family_t by;
	const struct stack_attachment *place = resolver_portal(t, &by);

	if (place)
		return border_portal(place, family, ret) && family == by;
	place = &t->places[0];
	if (place->gateway.family == AF_INET && border_host(AF_INET, ret) == 0)
		return family == AF_INET;
	if (border_host(family, ret) == 0)
		return true;
	/* An offline host: the name still stands for it, and is closed. */
	*ret = place->gateway;
	return family == AF_INET && ret->family == AF_INET;
}

/* Those who share a name share what comes for it: each question's answer begins with
 * another one. The number of the question is the lot, and nobody has to keep count. */
static void resolver_turn(struct ip_addr *v, size_t n, uint16_t lot)
{
	struct ip_addr all[TENANT_ADDRS_MAX];

	memcpy(all, v, n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = all[(i + lot) % n];
}

/* What this side knows: true, with *a filled. */
static bool resolver_forward(const struct resolver *r, const struct tenant *t,
			     const struct dns_question *q, struct ip_addr *addrs,
			     struct dns_answer *a)
{
	sa_family_t family = q->type == DNS_AAAA ? AF_INET6 : AF_INET;
	bool known = false;

	a->addrs = addrs;
	a->addrs_len = tenant_resolve(r->tenants, t, q->name, family, addrs, &known);
	resolver_turn(addrs, a->addrs_len, q->id);
	if (!known && resolver_host_name(q->name)) {
		known = true;
		a->addrs_len = resolver_host(t, family, &addrs[0]);
	}
	/* A known name has no other records than addresses. */
	if (q->type != DNS_A && q->type != DNS_AAAA)
		a->addrs_len = 0;
	return known;
}

static bool resolver_reverse(const struct resolver *r, const struct tenant *t,
			     const struct dns_question *q, struct dns_answer *a)
{
	struct ip_addr addr = { 0 };

	if (q->type != DNS_PTR || dns_parse_reverse(q->name, &addr) != 0)
		return false;
	a->name = tenant_name_of(r->tenants, t, &addr);
	if (a->name)
		return true;
	/* The realm's addresses are nobody's business outside. */
	a->rcode = DNS_NXDOMAIN;
	return tenant_inside(r->tenants, &addr);
}

int resolver_answer(const struct resolver *r, const struct ip_addr *from,
		    const uint8_t *query, size_t n, uint8_t *dst, size_t limit)
{
	struct dns_answer a = { .rcode = DNS_NOERROR, .ttl = RESOLVER_TTL };
	struct ip_addr addrs[TENANT_ADDRS_MAX];
	const struct stack_attachment *place;
	struct dns_question q;
	struct tenant *t;
	bool ours = true;
	int rc = dns_parse(query, n, &q);

	if (rc == -EINVAL)
		return rc;
	t = tenant_find(r->tenants, from, &place);
	if (rc)
		a.rcode = rc == -ENOTSUP ? DNS_NOTIMP : DNS_FORMERR;
	else if (!t)
		a.rcode = DNS_REFUSED;
	else if (q.class != RESOLVER_IN || !q.name[0] ||
		 (!resolver_forward(r, t, &q, addrs, &a) &&
		  !resolver_reverse(r, t, &q, &a)))
		ours = false;
	/* Who is on an internal network alone has no way out, by names neither. Who has
	 * resolvers of its own asks them for what is refused here. */
	if (!ours && (!tenant_entrance(t) || place->own_dns)) {
		a = (struct dns_answer){ .rcode = DNS_REFUSED };
		ours = true;
	}
	if (!ours)
		return 0;
	if (limit > q.udp_size && limit <= DNS_UDP_MAX)
		limit = q.udp_size;
	rc = (int)dns_write(dst, limit, query, &q, &a);
	return rc ? rc : -EMSGSIZE;
}

size_t resolver_fail(const uint8_t *query, size_t n, uint8_t *dst, size_t limit)
{
	struct dns_answer a = { .rcode = DNS_SERVFAIL };
	struct dns_question q;

	if (dns_parse(query, n, &q) == -EINVAL)
		return 0;
	return dns_write(dst, limit, query, &q, &a);
}

static uint32_t resolver_zone(int sock, const char *zone)
{
	struct ifreq r = { 0 };

	if (!zone[0] || str_copy(r.ifr_name, sizeof(r.ifr_name), zone) != 0 ||
	    ioctl(sock, SIOCGIFINDEX, &r) != 0)
		return 0;
	return (uint32_t)r.ifr_ifindex;
}

/* The file's first server, who may know names that others do not; but for a while the
 * one that answered in its place. */
static size_t resolver_first(const struct resolver *r)
{
	return r->now < r->good_until && r->good_of == r->porter->resolv_read ? r->good
									      : 0;
}

int resolver_connect(const struct resolver *r, size_t i, int type)
{
	const struct resolvconf *c = &r->porter->resolv;
	const struct resolvconf_server *s =
		&c->servers[(resolver_first(r) + i) % c->servers_len];
	autoclose int fd = socket(s->addr.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage ss;
	socklen_t len;

	if (fd < 0)
		return -errno;
	len = sockaddr_set(&ss, &s->addr, RESOLVER_PORT);
	if (s->addr.family == AF_INET6)
		((struct sockaddr_in6 *)&ss)->sin6_scope_id = resolver_zone(fd, s->zone);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0 && errno != EINPROGRESS)
		return -errno;
	return TAKE_FD(fd);
}

size_t resolver_tries(const struct resolver *r)
{
	return r->porter->resolv.servers_len * r->porter->resolv.attempts;
}

uint64_t resolver_timeout_ms(const struct resolver *r)
{
	return r->porter->resolv.timeout * 1000ull;
}

bool resolver_goes_on(const struct resolver *r, size_t tries, const uint8_t *reply)
{
	unsigned int rcode = reply[3] & 0x0f;

	return tries < r->porter->resolv.servers_len &&
	       (rcode == DNS_SERVFAIL || rcode == DNS_NOTIMP || rcode == DNS_REFUSED);
}

void resolver_praise(struct resolver *r, size_t i)
{
	size_t first = resolver_first(r);

	if (!i)
		return;
	r->good = (first + i) % r->porter->resolv.servers_len;
	r->good_of = r->porter->resolv_read;
	r->good_until = r->now + RESOLVER_PRAISE_MS;
}
