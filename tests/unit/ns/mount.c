/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/mount.h"

#include "core/ns/caps.h"
#include "core/ns/rlimit.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

static struct mount_change change;
static enum mount_bind bind;

static bool option(const char *opt)
{
	return mount_option(opt, &change, &bind);
}

TEST(options)
{
	change = (struct mount_change){ 0 };
	bind = MOUNT_NO_BIND;
	CHECK(option("ro") && option("nosuid") && option("rbind") && option("rprivate"));
	CHECK_INT(change.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
	CHECK_INT(change.propagation, MS_PRIVATE);
	CHECK(change.recursive && bind == MOUNT_RBIND);
	/* The last word counts. */
	CHECK(option("rw") && option("bind") && option("slave"));
	CHECK_INT(change.set, MOUNT_ATTR_NOSUID);
	CHECK_INT(change.clear, MOUNT_ATTR_RDONLY);
	CHECK_INT(change.propagation, MS_SLAVE);
	CHECK_INT(bind, MOUNT_BIND);
	CHECK(!option("size=5") && !option("") && !option("rosy"));
}

TEST(refusal_is_told)
{
	struct mount_fs m = { .type = "no-such-fs" };
	struct err e = { 0 };

	CHECK(mount_fs(&m, &e) < 0);
	CHECK(e.text[0] != 0);
	CHECK(mount_clone(-1, "nowhere", false) < 0);
}

TEST(limit_names)
{
	CHECK_INT(rlimit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	CHECK_INT(rlimit_number("nproc"), RLIMIT_NPROC);
	CHECK_INT(rlimit_number("nofil"), -EINVAL);
	CHECK_STR(rlimit_name(RLIMIT_CORE), "core");
	CHECK(rlimit_name(1000) == NULL);
}

TEST(limit_set)
{
	struct err e = { 0 };
	struct rlimit l;

	CHECK_INT(rlimit_cap(RLIMIT_NOFILE, 200), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &l), 0);
	CHECK(l.rlim_cur <= 200 && l.rlim_max == 200);
	CHECK_INT(rlimit_set(RLIMIT_NOFILE, 100, 150, &e), 0);
	CHECK_INT(rlimit_cap(RLIMIT_NOFILE, 1000), 0);
	CHECK_INT(getrlimit(RLIMIT_NOFILE, &l), 0);
	CHECK_INT(l.rlim_max, 150);
	if (geteuid() != 0)
		CHECK_INT(rlimit_set(RLIMIT_NOFILE, 100, 151, &e), -EPERM);
}

TEST(capabilities)
{
	struct caps c = { 0 }, none = { 0 };

	CHECK(caps_known() & 1);
	CHECK_INT(caps_get(&c), 0);
	CHECK_INT(c.effective & ~c.permitted, 0);
	CHECK_INT(caps_set(&none), 0);
	CHECK_INT(caps_get(&c), 0);
	CHECK(c.permitted == 0 && c.effective == 0 && c.inheritable == 0);
	CHECK_INT(caps_ambient(0), 0);
	CHECK_INT(caps_ambient(1), -EPERM);
}
