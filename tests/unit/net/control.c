/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

#include "tests/unit/test.h"

static const struct ip_addr four = { .family = AF_INET, .bytes = { 172, 17, 0, 2 } };
static const struct ip_addr six = { .family = AF_INET6, .bytes = { 0xfd, [15] = 2 } };

static struct stack_attachment place(void)
{
	struct stack_attachment a = { .network = "n1",
				      .bridge = "docker0",
				      .subnet = { four, 16 },
				      .gateway = four,
				      .addr = four,
				      .addr6 = six,
				      .subnet6 = { six, 64 },
				      .internal = true,
				      .own_dns = true };

	strv_add(&a.names, "web");
	strv_add(&a.names, "alias");
	return a;
}

/* Every shorter piece of a message is refused, without a byte read beyond; but for one
 * that an older sender writes (SIZE_MAX: there is none). */
static void check_cuts(const struct buf *b, size_t older)
{
	for (size_t n = 0; n < b->len; n++) {
		uint8_t *exact = mem_dup(b->data, n);
		struct control c;

		CHECK_INT(control_parse(exact, n, &c), n == older ? 0 : -EINVAL);
		if (n == older)
			control_done(&c);
		free(exact);
	}
}

TEST(place_there_and_back)
{
	struct stack_attachment a = place();
	struct control c;
	autobuf b = { 0 };

	CHECK_INT(control_put_place(&b, &a), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.type, CONTROL_PLACE);
	CHECK_STR(c.place.network, "n1");
	CHECK_STR(c.place.bridge, "docker0");
	CHECK_INT(c.place.subnet.prefix, 16);
	CHECK(ipam_addr_eq(&c.place.addr, &four));
	CHECK(ipam_addr_eq(&c.place.addr6, &six));
	CHECK_INT(c.place.gateway6.family, AF_UNSPEC);
	CHECK_INT(c.place.subnet6.prefix, 64);
	CHECK(ipam_contains(&c.place.subnet6, &six));
	CHECK(c.place.internal && c.place.own_dns);
	CHECK_INT(c.place.names.len, 2);
	CHECK_STR(c.place.names.v[1], "alias");
	control_done(&c);
	/* without the IPv6 subnet */
	check_cuts(&b, b.len - 18);
	strv_done(&a.names);
}

TEST(portal_there_and_back)
{
	struct stack_attachment a = place();
	struct control c;
	autobuf b = { 0 }, all = { 0 };

	a.portal = true;
	CHECK_INT(control_put_place(&all, &a), 0);
	CHECK_INT(control_parse((uint8_t *)all.data, all.len, &c), 0);
	CHECK(c.place.portal);
	CHECK_INT(c.place.portal_len, 0);
	control_done(&c);
	a.portal_ports[a.portal_len++] = 80;
	a.portal_ports[a.portal_len++] = 65535;
	CHECK_INT(control_put_place(&b, &a), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.place.portal_len, 2);
	CHECK_INT(c.place.portal_ports[0], 80);
	CHECK_INT(c.place.portal_ports[1], 65535);
	control_done(&c);
	/* cut behind what it says: refused, not open to all */
	for (size_t n = all.len; n < b.len; n++)
		CHECK_INT(control_parse((uint8_t *)b.data, n, &c), -EINVAL);
	b.data[all.len - 1] = STACK_PORTAL_MAX + 1;
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), -EINVAL);
	strv_done(&a.names);
}

TEST(router_there_and_back)
{
	struct stack_attachment a = { .router = four, .loopback = true, .closed = 5 };
	struct control c;
	autobuf b = { 0 };

	CHECK_INT(control_put_router(&b, &a), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.type, CONTROL_ROUTER);
	CHECK(ipam_addr_eq(&c.place.router, &four));
	CHECK_INT(c.place.router6.family, AF_UNSPEC);
	CHECK(c.place.loopback);
	CHECK_INT(c.place.closed, 5);
	check_cuts(&b, SIZE_MAX);
}

TEST(publish_there_and_back)
{
	struct publish p = { .proto = PUBLISH_UDP, .host_port = 5353, .port = 53 };
	struct control c;
	autobuf b = { 0 };

	CHECK_INT(control_put_publish(&b, &p), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.map.proto, PUBLISH_UDP);
	CHECK_INT(c.map.host_port, 5353);
	CHECK_INT(c.map.port, 53);
	CHECK(!c.map.outward);
	CHECK_INT(c.map.host_ip.family, AF_UNSPEC);
	check_cuts(&b, SIZE_MAX);
	p.outward = true;
	buf_reset(&b);
	CHECK_INT(control_put_publish(&b, &p), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK(c.map.outward);
	CHECK_INT(c.map.proto, PUBLISH_UDP);
	b.data[1] = PUBLISH_SCTP;
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), -EINVAL);
}

TEST(others_there_and_back)
{
	struct control c;
	autobuf hello = { 0 }, host = { 0 }, answer = { 0 }, commit = { 0 };

	CHECK_INT(control_put_hello(&hello, "abc"), 0);
	CHECK_INT(control_parse((uint8_t *)hello.data, hello.len, &c), 0);
	CHECK_INT(c.version, CONTROL_VERSION);
	CHECK_STR(c.id, "abc");
	CHECK_INT(control_put_host(&host, "db", &six), 0);
	CHECK_INT(control_parse((uint8_t *)host.data, host.len, &c), 0);
	CHECK_STR(c.host.name, "db");
	CHECK(ipam_addr_eq(&c.host.addr, &six));
	CHECK_INT(control_put_answer(&answer, -ENOSPC, "no room"), 0);
	CHECK_INT(control_parse((uint8_t *)answer.data, answer.len, &c), 0);
	CHECK_INT(c.code, -ENOSPC);
	CHECK_STR(c.text, "no room");
	CHECK_INT(control_put_commit(&commit, NULL, 0, NULL), 0);
	CHECK_INT(control_parse((uint8_t *)commit.data, commit.len, &c), 0);
	CHECK_INT(c.type, CONTROL_COMMIT);
	check_cuts(&hello, SIZE_MAX);
	check_cuts(&host, SIZE_MAX);
	check_cuts(&answer, SIZE_MAX);
}

TEST(ports_there_and_back)
{
	struct stack_attachment *a = mem_array(STACK_NETWORKS_MAX + 1, sizeof(*a));
	struct control c;
	autobuf b = { 0 };

	memcpy(a[0].port, "veth0123456789a", 16);
	memcpy(a[2].port, "v2", 3);
	CHECK_INT(control_put_commit(&b, a, 3, NULL), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.ports_len, 3);
	CHECK_STR(c.ports[0], "veth0123456789a");
	CHECK_STR(c.ports[1], "");
	CHECK_STR(c.ports[2], "v2");
	/* a monitor of before says no more than that it is complete */
	check_cuts(&b, 1);
	CHECK_INT(control_put_commit(&b, a, STACK_NETWORKS_MAX + 1, NULL), -E2BIG);
	free(a);
}

TEST(ports_that_are_none)
{
	static const char *const bad[] = { ".", "..", "a/b", "/", "veth0123456789ab" };
	struct control c;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autobuf b = { 0 };

		buf_add(&b, "\x05\x01\x00", 3);
		buf_add(&b, &(char){ (char)strlen(bad[i]) }, 1);
		buf_adds(&b, bad[i]);
		CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), -EINVAL);
	}
	/* more of them than there can be places */
	CHECK_INT(control_parse((const uint8_t *)"\x05\x11", 2, &c), -EINVAL);
}

TEST(links_there_and_back)
{
	autostrv links = { 0 };
	struct control c;
	autobuf none = { 0 }, empty = { 0 }, b = { 0 };

	CHECK_INT(control_put_commit(&none, NULL, 0, NULL), 0);
	CHECK_INT(control_parse((uint8_t *)none.data, none.len, &c), 0);
	CHECK(!c.linked);
	CHECK_INT(control_put_commit(&empty, NULL, 0, &links), 0);
	CHECK_INT(control_parse((uint8_t *)empty.data, empty.len, &c), 0);
	CHECK(c.linked);
	CHECK_INT(c.links.len, 0);
	strv_add(&links, "0123:db");
	strv_add(&links, "4567:db:x");
	CHECK_INT(control_put_commit(&b, NULL, 0, &links), 0);
	CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), 0);
	CHECK_INT(c.links.len, 2);
	CHECK_STR(c.links.v[1], "4567:db:x");
	control_done(&c);
	for (size_t n = none.len + 1; n < b.len; n++)
		CHECK_INT(control_parse((uint8_t *)b.data, n, &c), -EINVAL);
}

TEST(links_that_are_none)
{
	static const char *const bad[] = {
		"",
		":",
		"x",
		"x:",
		":x",
		"0123456789012345678901234567890123456789012345678901234567890123456789:x"
	};
	struct control c;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autostrv links = { 0 };
		autobuf b = { 0 };

		strv_add(&links, bad[i]);
		CHECK_INT(control_put_commit(&b, NULL, 0, &links), 0);
		CHECK_INT(control_parse((uint8_t *)b.data, b.len, &c), -EINVAL);
	}
}

TEST(amendments_there_and_back)
{
	struct control c;
	autobuf amend = { 0 }, leave = { 0 };

	CHECK_INT(control_put_amend(&amend), 0);
	CHECK_INT(control_parse((uint8_t *)amend.data, amend.len, &c), 0);
	CHECK_INT(c.type, CONTROL_AMEND);
	CHECK_INT(control_put_leave(&leave, "net"), 0);
	CHECK_INT(control_parse((uint8_t *)leave.data, leave.len, &c), 0);
	CHECK_INT(c.type, CONTROL_LEAVE);
	CHECK_STR(c.place.network, "net");
	check_cuts(&leave, SIZE_MAX);
	buf_reset(&amend);
	CHECK_INT(control_put_withdraw(&amend,
				       &(struct publish){ .port = 80, .host_port = 81 }),
		  0);
	CHECK_INT(control_parse((uint8_t *)amend.data, amend.len, &c), 0);
	CHECK_INT(c.type, CONTROL_WITHDRAW);
	CHECK_INT(c.map.host_port, 81);
	check_cuts(&amend, SIZE_MAX);
}

TEST(malformed)
{
	struct control c;
	/* an unknown type; a name with NUL; a family of 5; a prefix of 33 bits */
	CHECK_INT(control_parse((const uint8_t *)"\x63", 1, &c), -EINVAL);
	CHECK_INT(control_parse((const uint8_t *)"\x01\x01\x00\x01\x00", 5, &c), -EINVAL);
	CHECK_INT(control_parse((const uint8_t *)"\x04\x00\x01x\x05\x01\x02\x03\x04", 9,
				&c),
		  -EINVAL);
	CHECK_INT(control_parse((const uint8_t *)"\x02\x00\x01n\x00\x01"
						 "b\x04\x0a\0\0\0\x21\0\0\0\0\0\0",
				18, &c),
		  -EINVAL);
}
