/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/buildmount.h"

#include <stdlib.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static void check_refused(const char *text, const char *want)
{
	struct buildmount m = { .lock = -1 };
	struct err e = { 0 };

	CHECK(buildmount_parse(text, &m, &e) < 0);
	CHECK_STR(e.text, want);
}

TEST(mounts_of_each_type)
{
	struct buildmount m = { .lock = -1 };
	struct err e = { 0 };

	CHECK_INT(buildmount_parse("target=/x", &m, &e), 0);
	CHECK_INT(m.type, BUILDMOUNT_BIND);
	CHECK_INT(m.access, BUILDMOUNT_READ);
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=bind,from=a,src=/s,dst=/d,rw", &m, &e), 0);
	CHECK_STR(m.from, "a");
	CHECK_STR(m.source, "/s");
	CHECK_STR(m.target, "/d");
	CHECK_INT(m.access, BUILDMOUNT_WRITE);
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=cache,target=/root/.cache,id=i,sharing=locked,"
				   "uid=7,gid=8,mode=0750",
				   &m, &e),
		  0);
	CHECK_INT(m.access, BUILDMOUNT_WRITE);
	CHECK_INT(m.sharing, BUILDMOUNT_LOCKED);
	CHECK_INT(m.uid, 7);
	CHECK_INT(m.gid, 8);
	CHECK_INT(m.mode, 0750);
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=cache,target=/c,ro=true", &m, &e), 0);
	CHECK_INT(m.access, BUILDMOUNT_READ);
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=cache,target=/c,readonly=false", &m, &e), 0);
	CHECK_INT(m.access, BUILDMOUNT_WRITE);
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=secret,id=s,env=E,required", &m, &e), 0);
	CHECK(m.required && !m.target);
	CHECK_STR(m.env, "E");
	buildmount_done(&m);
	CHECK_INT(buildmount_parse("type=tmpfs,target=/t,size=1m", &m, &e), 0);
	CHECK_INT(m.size, 1 << 20);
	buildmount_done(&m);
}

TEST(mounts_refused)
{
	check_refused("type=cache", "--mount needs a target");
	check_refused("type=volume,target=/x", "unsupported mount type 'volume'");
	check_refused("type=ssh,mode=0644",
		      "an ssh mount is for root with mode 0600: the agent's socket is "
		      "the host's own, which only you may use");
	check_refused("type=secret", "a secret mount needs an id or a target");
	check_refused("target=/x,size=1m", "size is for tmpfs mounts");
	check_refused("target=/x,sharing=locked", "sharing is for cache mounts");
	check_refused("type=cache,target=/x,sharing=some",
		      "unsupported sharing value 'some'");
	check_refused("type=tmpfs,target=/x,source=/y",
		      "from and source are for bind mounts");
	check_refused("type=cache,target=/x,mode=9", "invalid value for 'mode': 9");
	check_refused("target=/x,ro=maybe", "invalid value for 'ro': maybe");
	check_refused("target=/x,what=1", "unexpected key 'what' in '1'");
	check_refused("target", "invalid field 'target' must be a key=value pair");
	check_refused("target=/x,required", "required is for secret and ssh mounts");
}

TEST(secrets)
{
	struct buildmount_secret s = { 0 };
	struct err e = { 0 };

	CHECK_INT(buildmount_parse_secret("id=a,src=/f", &s, &e), 0);
	CHECK_STR(s.file, "/f");
	buildmount_secret_done(&s);
	CHECK_INT(buildmount_parse_secret("id=a,env=E", &s, &e), 0);
	CHECK_STR(s.env, "E");
	CHECK(!s.file);
	buildmount_secret_done(&s);
	CHECK_INT(buildmount_parse_secret("type=env,id=a", &s, &e), 0);
	CHECK_STR(s.env, "a");
	buildmount_secret_done(&s);
	unsetenv("not_set_anywhere");
	CHECK_INT(buildmount_parse_secret("id=not_set_anywhere", &s, &e), 0);
	CHECK_STR(s.file, "not_set_anywhere");
	buildmount_secret_done(&s);
	CHECK(buildmount_parse_secret("src=/f", &s, &e) < 0);
	CHECK_STR(e.text, "secret: the id is missing in 'src=/f'");
	CHECK(buildmount_parse_secret("id=a,mode=1", &s, &e) < 0);
	CHECK_STR(e.text, "unexpected key 'mode' in 'mode=1'");
	CHECK(buildmount_parse_secret("a", &s, &e) < 0);
	CHECK_STR(e.text, "invalid field 'a' must be a key=value pair");
}
