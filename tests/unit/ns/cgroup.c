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
