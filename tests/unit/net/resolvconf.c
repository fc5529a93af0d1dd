/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/resolvconf.h"

#include "tests/unit/test.h"

static struct resolvconf parse(const char *text)
{
	struct resolvconf c;

	resolvconf_parse(text, strlen(text), &c);
	return c;
}

static const char *server(const struct resolvconf *c, size_t i)
{
	static char text[IPAM_TEXT_MAX];

	return ipam_addr_text(text, &c->servers[i].addr);
}

TEST(servers_in_order)
{
	struct resolvconf c = parse("# x\nsearch a b\nnameserver 10.0.0.1\r\n"
				    "  nameserver\tfe80::1%eth0\nnameserver 300.1.1.1\n"
				    "nameserver ::1");

	CHECK_INT(c.servers_len, 3);
	CHECK_STR(server(&c, 0), "10.0.0.1");
	CHECK_STR(server(&c, 1), "fe80::1");
	CHECK_STR(c.servers[1].zone, "eth0");
	CHECK_STR(server(&c, 2), "::1");
	CHECK_INT(c.timeout, 5);
	CHECK_INT(c.attempts, 2);
}

TEST(empty_means_the_local_host)
{
	struct resolvconf c = parse("");

	CHECK_INT(c.servers_len, 1);
	CHECK_STR(server(&c, 0), "127.0.0.1");
}

TEST(options_and_bounds)
{
	struct resolvconf c = parse("options rotate timeout:1 attempts:3\n");
	struct resolvconf wild = parse("options timeout:0 attempts:99 timeout:x\n");

	CHECK_INT(c.timeout, 1);
	CHECK_INT(c.attempts, 3);
	CHECK_INT(wild.timeout, 5);
	CHECK_INT(wild.attempts, 2);
}

TEST(more_servers_than_room)
{
	struct resolvconf c = parse("nameserver 1.1.1.1\nnameserver 1.1.1.2\n"
				    "nameserver 1.1.1.3\nnameserver 1.1.1.4\n"
				    "nameserver 1.1.1.5\nnameserver 1.1.1.6\n"
				    "nameserver 1.1.1.7\nnameserver 1.1.1.8\n"
				    "nameserver 1.1.1.9\n");

	CHECK_INT(c.servers_len, RESOLVCONF_SERVERS_MAX);
}
