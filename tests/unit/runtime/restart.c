/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/restart.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(parse)
{
	static const char *const bad[] = { ":1",           "sometimes",
					   "on-failure:x", "on-failure:-1",
					   "always:1",     "no:2" };
	struct restart r = { .max = 9 };

	CHECK_INT(restart_parse("on-failure:3", &r, NULL), 0);
	CHECK_INT(r.kind, RESTART_ON_FAILURE);
	CHECK_INT(r.max, 3);
	CHECK_INT(restart_parse(NULL, &r, NULL), 0);
	CHECK_INT(r.kind, RESTART_NO);
	CHECK_INT(restart_parse("unless-stopped", &r, NULL), 0);
	CHECK_INT(r.kind, RESTART_UNLESS_STOPPED);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_INT(restart_parse(bad[i], &r, NULL), -EINVAL);
	CHECK_INT(r.kind, RESTART_UNLESS_STOPPED);
}

TEST(wanted)
{
	const struct restart failure = { RESTART_ON_FAILURE, 2 },
			     always = { RESTART_ALWAYS, 0 }, no = { RESTART_NO, 0 };

	CHECK(!restart_wanted(&failure, 0, 0));
	CHECK(restart_wanted(&failure, 1, 1));
	CHECK(!restart_wanted(&failure, 1, 2));
	CHECK(restart_wanted(&always, 0, 1000));
	CHECK(!restart_wanted(&no, 1, 0));
}

TEST(delay)
{
	int64_t ms = 0;

	for (int i = 0; i < 10; i++)
		ms = restart_delay(ms, 0);
	CHECK_INT(ms, 51200);
	CHECK_INT(restart_delay(ms, 0), 60000);
	CHECK_INT(restart_delay(60000, 0), 60000);
	CHECK_INT(restart_delay(60000, 10000000000ll), 100);
}
