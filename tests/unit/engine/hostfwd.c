/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/hostfwd.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static int parse(const char *text, struct hostfwd_request *ret)
{
	struct err e = { 0 };
	int r = hostfwd_parse(text, strlen(text), ret, &e);

	CHECK(r == 0 || e.text[0]);
	return r;
}

TEST(add)
{
	struct hostfwd_request q;

	CHECK_INT(parse("{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": "
			"\"udp\", "
			"\"host_addr\": \"127.0.0.1\", \"host_port\": 8080, "
			"\"guest_addr\": \"10.0.2.100\", \"guest_port\": 80}}\n",
			&q),
		  0);
	CHECK_INT(q.verb, HOSTFWD_ADD);
	CHECK_INT(q.map.proto, PUBLISH_UDP);
	CHECK_INT(q.map.host_port, 8080);
	CHECK_INT(q.map.host_port_end, 8080);
	CHECK_INT(q.map.port, 80);
	CHECK_INT(q.map.host_ip.bytes[0], 127);
	CHECK_INT(q.guest.bytes[3], 100);
	CHECK_INT(parse("{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": "
			"\"tcp\", "
			"\"host_addr\": \"\", \"host_port\": 1, \"guest_addr\": \"\", "
			"\"guest_port\": 65535}}",
			&q),
		  0);
	CHECK_INT(q.map.host_ip.family, AF_INET);
	CHECK_INT(q.map.host_ip.bytes[0], 0);
	CHECK_INT(q.guest.family, AF_UNSPEC);
}

TEST(others)
{
	struct hostfwd_request q;

	CHECK_INT(parse("{\"execute\": \"list_hostfwd\"}", &q), 0);
	CHECK_INT(q.verb, HOSTFWD_LIST);
	CHECK_INT(parse("{\"execute\": \"remove_hostfwd\", \"arguments\": {\"id\": 42}}",
			&q),
		  0);
	CHECK_INT(q.verb, HOSTFWD_REMOVE);
	CHECK_INT(q.id, 42);
}

TEST(refusals)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"execute\": 1}",
		"{\"execute\": \"other\"}",
		"{\"execute\": \"add_hostfwd\"}",
		"{\"execute\": \"remove_hostfwd\"}",
		"{\"execute\": \"remove_hostfwd\", \"arguments\": {\"id\": -1}}",
		"{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"sctp\", "
		"\"host_port\": 1, \"guest_port\": 1}}",
		"{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"tcp\", "
		"\"host_port\": 0, \"guest_port\": 1}}",
		"{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"tcp\", "
		"\"host_port\": 1, \"guest_port\": 65536}}",
		"{\"execute\": \"add_hostfwd\", \"arguments\": {\"proto\": \"tcp\", "
		"\"host_addr\": \"x\", \"host_port\": 1, \"guest_port\": 1}}",
	};
	struct hostfwd_request q;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		CHECK_INT(parse(texts[i], &q), -EINVAL);
}
