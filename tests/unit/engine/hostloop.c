/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/hostloop.h"

#include <errno.h>

#include "core/base/buf.h"
#include "tests/unit/test.h"

static int parse(const char *text, struct stack_attachment *a)
{
	struct err e = { 0 };
	int r = hostloop_parse(text, a, &e);

	CHECK(r == 0 || (e.text[0] && !a->portal));
	return r;
}

TEST(ports)
{
	struct stack_attachment a = { 0 };

	CHECK_INT(parse("80,65535", &a), 0);
	CHECK(a.portal);
	CHECK_INT(a.portal_len, 2);
	CHECK_INT(a.portal_ports[1], 65535);
	CHECK_INT(parse("", &a), 0);
	CHECK(a.portal);
	CHECK_INT(a.portal_len, 0);
	CHECK_INT(parse(NULL, &a), 0);
	CHECK(!a.portal);
}

TEST(no_ports)
{
	static const char *const bad[] = { ",",     "80,", "0",  "65536", "http",
					   "80-90", " 80", "-1", "80/tcp" };
	struct stack_attachment a = { .portal = true };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_INT(parse(bad[i], &a), -EINVAL);
}

TEST(too_many)
{
	struct stack_attachment a = { 0 };
	autobuf text = { 0 };

	for (int i = 0; i < STACK_PORTAL_MAX; i++)
		buf_adds(&text, i ? ",7" : "7");
	CHECK_INT(parse(buf_str(&text), &a), 0);
	CHECK_INT(a.portal_len, STACK_PORTAL_MAX);
	buf_adds(&text, ",7");
	CHECK_INT(parse(buf_str(&text), &a), -E2BIG);
}
