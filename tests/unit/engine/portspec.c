/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/portspec.h"

#include <errno.h>

#include "tests/unit/test.h"

static const struct publish like = { .proto = PUBLISH_TCP };

static int parse(const char *text, struct portspec *ret)
{
	struct err e = { 0 };

	*ret = (struct portspec){ 0 };
	return portspec_parse(text, &like, ret, &e);
}

static void check(const char *text, size_t i, unsigned int host, unsigned int port)
{
	struct portspec p;

	CHECK_INT(parse(text, &p), 0);
	CHECK(i < p.len);
	if (i < p.len) {
		CHECK_INT(p.v[i].host_port, host);
		CHECK_INT(p.v[i].port, port);
	}
	portspec_done(&p);
}

static void refuse(const char *text, int code)
{
	struct portspec p;

	CHECK_INT(parse(text, &p), code);
	portspec_done(&p);
}

TEST(words)
{
	struct portspec p;
	struct err e = { 0 };

	CHECK_INT(parse("none", &p), 0);
	CHECK_INT(p.mode, PORTSPEC_NONE);
	CHECK_INT(portspec_parse("22", &like, &p, &e), -EINVAL);
	CHECK_INT(parse("auto", &p), 0);
	CHECK_INT(p.mode, PORTSPEC_AUTO);
	refuse("all", -EOPNOTSUPP);
}

TEST(ports)
{
	struct portspec p;

	check("22", 0, 22, 22);
	check("22:23", 0, 22, 23);
	check("22,25", 1, 25, 25);
	check("22-80:32-90", 58, 80, 90);
	check("2000-2010,~2003-2005", 3, 2006, 2006);
	CHECK_INT(parse("192.0.2.1/20-30,~25", &p), 0);
	CHECK_INT(p.len, 10);
	CHECK_INT(p.v[0].host_ip.family, AF_INET);
	CHECK_INT(p.v[9].host_port, 30);
	portspec_done(&p);
	CHECK_INT(parse("::1/80", &p), 0);
	CHECK_INT(p.v[0].host_ip.family, AF_INET6);
	portspec_done(&p);
	CHECK_INT(parse("[::1]/80", &p), 0);
	CHECK_INT(p.v[0].host_ip.family, AF_INET6);
	portspec_done(&p);
	CHECK_INT(parse("[127.0.0.1]%lo/80", &p), 0);
	CHECK_STR(p.v[0].device, "lo");
	portspec_done(&p);
	CHECK_INT(parse("127.0.0.1%lo/80", &p), 0);
	CHECK_INT(p.v[0].host_ip.family, AF_INET);
	CHECK_STR(p.v[0].device, "lo");
	portspec_done(&p);
	CHECK_INT(parse("%lo/80", &p), 0);
	CHECK_INT(p.v[0].host_ip.family, AF_UNSPEC);
	portspec_done(&p);
}

TEST(exclusions)
{
	static const char *const all[] = { "~22,~30-40", "auto,~22,~30-40" };
	struct portspec p;

	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(parse(all[i], &p), 0);
		CHECK_INT(p.mode, PORTSPEC_AUTO);
		CHECK_INT(p.except_len, 2);
		CHECK_INT(p.except[0].last, 22);
		CHECK_INT(p.except[1].first, 30);
		portspec_done(&p);
	}
	CHECK_INT(parse("~22,20-30", &p), 0);
	CHECK_INT(p.mode, PORTSPEC_PORTS);
	CHECK_INT(p.len, 10);
	portspec_done(&p);
}

TEST(refusals)
{
	refuse("", -EINVAL);
	refuse("0", -EINVAL);
	refuse("65536", -EINVAL);
	refuse("30-20", -EINVAL);
	refuse("20-30:40-49", -EINVAL);
	refuse("22:23:24", -EINVAL);
	refuse("22-", -EINVAL);
	refuse("22,,23", -EINVAL);
	refuse("22,~x", -EINVAL);
	refuse("127.0.0.1/~22", -EOPNOTSUPP);
	refuse("auto,22", -EINVAL);
	refuse("~22,~", -EINVAL);
	refuse("x/22", -EINVAL);
	refuse("127.0.0.1%/22", -EINVAL);
	refuse("[::1/22", -EINVAL);
	refuse("[]/22", -EINVAL);
	refuse("%an-interface-too-long/22", -EINVAL);
	refuse("/22", -EINVAL);
	refuse("1-5000", -E2BIG);
}
