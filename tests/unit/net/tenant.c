/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants, and the border (core/net/border.h) that is drawn around them. */
#include "core/net/tenant.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/net/border.h"
#include "tests/unit/test.h"

static struct ip_addr addr(const char *text)
{
	struct ip_addr a = { 0 };

	CHECK_INT(ipam_parse_addr(text, &a), 0);
	return a;
}

static struct tenant *add(struct tenants *ts, const char *network, const char *ip,
			  const char *name)
{
	struct tenant *t = tenant_new(ts, 1000000);
	struct stack_attachment *p = mem_new(struct stack_attachment);

	snprintf(p->network, sizeof(p->network), "%s", network);
	p->addr = addr(ip);
	p->subnet = (struct ip_subnet){ p->addr, 24 };
	p->gateway = p->addr;
	p->gateway.bytes[3] = 1;
	strv_add(&p->names, name);
	t->places = p;
	t->places_len = 1;
	tenant_commit(ts, t);
	return t;
}

static size_t resolve(const struct tenants *ts, const struct tenant *t, const char *name,
		      bool *known)
{
	struct ip_addr found[TENANT_ADDRS_MAX];

	return tenant_resolve(ts, t, name, AF_INET, found, known);
}

TEST(ports_of_places)
{
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	const char ports[2][IFNAMSIZ] = { "v1", "v2" };

	CHECK_STR(a->places[0].port, ""); /* a monitor of before does not say */
	CHECK_INT(tenant_set_ports(a, ports, 2), -EPROTO);
	CHECK_INT(tenant_set_ports(a, ports + 1, 1), 0);
	CHECK_STR(a->places[0].port, "v2");
	tenant_free(ts, a);
}

TEST(names_among_equals)
{
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	struct tenant *b = add(ts, "n1", "10.0.1.3", "Web");
	struct tenant *c = add(ts, "n2", "10.0.2.2", "far");
	struct ip_addr ip = addr("10.0.1.3");
	const struct stack_attachment *place = NULL;
	bool known;

	CHECK_INT(resolve(ts, a, "web", &known), 2);
	CHECK(known);
	CHECK_INT(resolve(ts, c, "web", &known), 0);
	CHECK(!known);
	CHECK(tenant_find(ts, &ip, &place) == b);
	CHECK(place == b->places);
	CHECK_STR(tenant_name_of(ts, a, &ip), "Web");
	CHECK(!tenant_name_of(ts, c, &ip));
	CHECK_INT(ts->registered, 3);
	tenant_commit(ts, b);
	CHECK_INT(ts->registered, 3);
	b->live = false;
	ts->registered--;
	CHECK(!tenant_find(ts, &ip, &place));
	CHECK_INT(resolve(ts, a, "web", &known), 1);
	tenant_free(ts, a);
	tenant_free(ts, b);
	tenant_free(ts, c);
	CHECK_INT(ts->live, 0);
	CHECK_INT(ts->registered, 0);
}

TEST(links_to_who_is_there)
{
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	struct tenant *b = add(ts, "n1", "10.0.1.3", "pg");
	struct tenant *c = add(ts, "n1", "10.0.1.4", "db");
	struct ip_addr found[TENANT_ADDRS_MAX], want = addr("10.0.1.3");
	bool known;

	snprintf(b->id, sizeof(b->id), "0123");
	strv_add(&a->links, "0123:DB");
	strv_add(&a->links, "012:short");
	/* before another's own name */
	CHECK_INT(tenant_resolve(ts, a, "db", AF_INET, found, &known), 1);
	CHECK(ipam_addr_eq(&found[0], &want));
	CHECK_INT(resolve(ts, a, "short", &known), 0);
	CHECK(!known);
	/* it comes again with another address */
	b->places->addr = want = addr("10.0.1.9");
	CHECK_INT(tenant_resolve(ts, a, "db", AF_INET, found, &known), 1);
	CHECK(ipam_addr_eq(&found[0], &want));
	/* on another network it is out of reach */
	snprintf(b->places->network, sizeof(b->places->network), "n2");
	want = addr("10.0.1.4");
	CHECK_INT(tenant_resolve(ts, a, "db", AF_INET, found, &known), 1);
	CHECK(ipam_addr_eq(&found[0], &want));
	CHECK_INT(resolve(ts, c, "short", &known), 0);
	tenant_free(ts, a);
	tenant_free(ts, b);
	tenant_free(ts, c);
}

TEST(slots)
{
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = tenant_new(ts, 1000000);
	uint16_t gen = a->gen;

	CHECK(tenant_get(ts, 0, gen) == a);
	tenant_free(ts, a);
	CHECK(!tenant_get(ts, 0, gen));
	CHECK(tenant_new(ts, 1000000) == a);
	CHECK(!tenant_get(ts, 0, gen));
	CHECK(!tenant_get(ts, 5, 0));
	tenant_free(ts, a);
}

TEST(border_out_closed)
{
	static const struct {
		const char *to;
		int rc;
	} rows[] = {
		{ "127.0.0.1", -EACCES },
		{ "127.255.0.9", -EACCES },
		{ "0.0.0.0", -EACCES },
		{ "::1", -EACCES },
		{ "::", -EACCES },
		{ "::ffff:127.0.0.1", -EACCES },
		{ "::127.0.0.1", -EACCES },
		{ "::ffff:192.0.2.1", -EACCES },
		{ "10.0.1.3", -EACCES },
		{ "10.0.2.2", -EACCES },
		{ "224.0.0.1", -ENETUNREACH },
		{ "255.255.255.255", -ENETUNREACH },
		{ "fe80::1", -ENETUNREACH },
		{ "ff02::1", -ENETUNREACH },
		{ "192.0.2.1", 0 },
		{ "10.0.3.1", 0 },
		{ "2001:db8::1", 0 },
	};
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	struct tenant *b = add(ts, "n2", "10.0.2.2", "far");

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ip_addr to = addr(rows[i].to);
		struct ip_addr way;
		int rc = border_out(ts, a->places, &to, 80, &way);

		if (rc != rows[i].rc || (rc == 0 && !ipam_addr_eq(&way, &to)))
			test_fail(__FILE__, __LINE__, "%s: %d", rows[i].to, rc);
	}
	a->places->internal = true;
	struct ip_addr to = addr("192.0.2.1");
	struct ip_addr way;
	CHECK_INT(border_out(ts, a->places, &to, 80, &way), -ENETUNREACH);
	tenant_free(ts, a);
	tenant_free(ts, b);
}

/* Where a destination leads; "" where it is closed. */
static void check_way(const struct tenants *ts, const struct stack_attachment *place,
		      const char *dst, uint16_t port, const char *want)
{
	char text[IPAM_TEXT_MAX] = "";
	struct ip_addr to = addr(dst), way;

	if (border_out(ts, place, &to, port, &way) == 0)
		ipam_addr_text(text, &way);
	CHECK_STR(text, want);
}

TEST(border_out_by_the_portal)
{
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	struct stack_attachment *p = a->places;
	char own[IPAM_TEXT_MAX] = "";
	struct ip_addr host, portal;

	if (border_host(AF_INET, &host) == 0)
		ipam_addr_text(own, &host);
	check_way(ts, p, "169.254.1.2", 80, "169.254.1.2");
	check_way(ts, p, "fd72:6f6f:746c::2", 80, "fd72:6f6f:746c::2");
	CHECK(!border_portal(p, AF_INET, &portal));
	p->portal = true;
	CHECK(border_portal(p, AF_INET, &portal));
	check_way(ts, p, "169.254.1.2", 80, "127.0.0.1");
	check_way(ts, p, "fd72:6f6f:746c::2", 80, "::1");
	check_way(ts, p, "169.254.1.3", 80, "169.254.1.3");
	check_way(ts, p, "127.0.0.1", 80, "");
	p->portal_ports[p->portal_len++] = 80;
	check_way(ts, p, "169.254.1.2", 80, "127.0.0.1");
	check_way(ts, p, "169.254.1.2", 81, own);
	p->internal = true;
	check_way(ts, p, "169.254.1.2", 80, "");
	tenant_free(ts, a);
}

TEST(border_in_whom_clients_appear_as)
{
	static const struct {
		const char *client, *src;
	} rows[] = {
		{ "192.0.2.9", "192.0.2.9" },  { "127.0.0.1", "10.0.1.1" },
		{ "10.0.1.7", "10.0.1.1" },    { "::1", "10.0.1.1" },
		{ "2001:db8::9", "10.0.1.1" },
	};
	autofree struct tenants *ts = mem_new(struct tenants);
	struct tenant *a = add(ts, "n1", "10.0.1.2", "web");
	char text[IPAM_TEXT_MAX];
	struct ip_addr src, dst;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ip_addr client = addr(rows[i].client);

		CHECK_INT(border_in(ts, a->places, &client, &src, &dst), 0);
		CHECK_STR(ipam_addr_text(text, &src), rows[i].src);
		CHECK(ipam_addr_eq(&dst, &a->places->addr));
	}
	a->places->addr6 = addr("fd00::2");
	a->places->gateway6 = addr("fd00::1");
	struct ip_addr client = addr("2001:db8::9");
	CHECK_INT(border_in(ts, a->places, &client, &src, &dst), 0);
	CHECK_STR(ipam_addr_text(text, &src), "2001:db8::9");
	CHECK_STR(ipam_addr_text(text, &dst), "fd00::2");
	tenant_free(ts, a);
}
