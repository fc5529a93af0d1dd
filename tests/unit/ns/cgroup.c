/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/cgroup.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

static void check(const char *text, const char *want)
{
	char path[64] = "none";
	int r = cgroup_parse(text, path, sizeof(path));

	CHECK_STR(path, want);
	CHECK_INT(r, strcmp(want, "none") ? 0 : -ENOENT);
}

TEST(the_line_of_version_2)
{
	check("0::/user.slice/a.scope\n", "/user.slice/a.scope");
	check("12:pids:/x\n1:name=systemd:/y\n0::/z", "/z");
	check("0::/\n", "/");
	check("12:pids:/x\n", "none");
	check("10::/x\n", "none");
	check("0::x\n", "none");
	check("", "none");
}

TEST(too_long)
{
	char small[4];

	CHECK_INT(cgroup_parse("0::/abc\n", small, sizeof(small)), -ENAMETOOLONG);
	CHECK_INT(cgroup_parse("0::/ab\n", small, sizeof(small)), 0);
}

static void find(const char *text, const char *key, int code, uint64_t want)
{
	uint64_t n = 7;

	CHECK_INT(cgroup_find(text, key, &n), code);
	CHECK(n == (code ? 7 : want));
}

TEST(a_number_in_a_file)
{
	find("12\n", NULL, 0, 12);
	find("max\n", NULL, 0, UINT64_MAX);
	find("oom 1\noom_kill 3\n", "oom_kill", 0, 3);
	find("oom_kill_x 1\noom_kill 3", "oom_kill", 0, 3);
	find("oom 1\n", "oom_kill", -ENOENT, 0);
	find("oom_kill\n", "oom_kill", -ENOENT, 0);
	find("oom_kill \n", "oom_kill", -EINVAL, 0);
	find("oom_kill 1x\n", "oom_kill", -EINVAL, 0);
	find("", NULL, -ENOENT, 0);
}

TEST(a_sum_over_devices)
{
	const char *text = "8:0 rbytes=10 wbytes=1 rios=5\n8:16 rbytes=32 wbytes=x\n";

	CHECK(cgroup_sum(text, "rbytes") == 42);
	CHECK(cgroup_sum(text, "wbytes") == 1);
	CHECK(cgroup_sum(text, "bytes") == 0);
	CHECK(cgroup_sum("", "rbytes") == 0);
}
