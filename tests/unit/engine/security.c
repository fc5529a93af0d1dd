/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/security.h"

#include <errno.h>
#include <linux/capability.h>

#include "core/base/mem.h"
#include "core/oci/capability.h"
#include "tests/unit/test.h"

#define BIT(c) (1ull << CAP_##c)

static uint64_t caps(const char *add, const char *drop, bool privileged)
{
	autodone(spec_done) struct spec s;
	autodone(security_done) struct security sec = { 0 };
	struct config cfg = { 0 };
	struct err e = { 0 };

	spec_init(&s);
	if (add)
		strv_add(&s.cap_add, add);
	if (drop)
		strv_add(&s.cap_drop, drop);
	s.privileged = privileged;
	CHECK_INT(security_resolve(&cfg, &s, &sec, &e), 0);
	return sec.caps;
}

TEST(capabilities)
{
	CHECK(caps(NULL, NULL, false) == CAPABILITY_DEFAULT);
	CHECK(caps("net_raw", NULL, false) == (CAPABILITY_DEFAULT | BIT(NET_RAW)));
	CHECK(caps(NULL, "CAP_CHOWN", false) == (CAPABILITY_DEFAULT & ~BIT(CHOWN)));
	CHECK(caps(NULL, "ALL", false) == 0);
	CHECK(caps("SYS_ADMIN", "ALL", false) == BIT(SYS_ADMIN));
	CHECK(caps("ALL", "MKNOD", false) == (CAPABILITY_ALL & ~BIT(MKNOD)));
	CHECK(caps(NULL, NULL, true) == CAPABILITY_ALL);
}

static int resolve(const char *opt, struct security *sec, struct err *e)
{
	autodone(spec_done) struct spec s;
	struct config cfg = { 0 };

	spec_init(&s);
	strv_add(&s.security_opt, opt);
	return security_resolve(&cfg, &s, sec, e);
}

TEST(options)
{
	static const char *const good[] = {
		"no-new-privileges",
		"no-new-privileges:true",
		"seccomp=unconfined",
		"seccomp:unconfined",
		"seccomp=builtin",
		"apparmor=unconfined",
		"label=disable",
		"systempaths=unconfined",
		"nested",
		"seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"
	};
	static const char *const bad[] = { "",
					   "foo",
					   "foo=bar",
					   "seccomp=",
					   "seccomp",
					   "systempaths=x",
					   "no-new-privileges=maybe",
					   "seccomp=/nonexistent/profile.json" };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		autodone(security_done) struct security sec = { 0 };
		CHECK_INT(resolve(good[i], &sec, &e), 0);
		CHECK_STR(e.text, "");
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autodone(security_done) struct security sec = { 0 };
		CHECK(resolve(bad[i], &sec, &e) < 0);
		CHECK(e.text[0]);
		err_clear(&e);
	}
}

TEST(what_options_mean)
{
	autodone(security_done) struct security a = { 0 }, b = { 0 }, c = { 0 };
	struct err e = { 0 };

	CHECK_INT(resolve("nested", &a, &e), 0);
	CHECK(a.filter_caps & BIT(SYS_ADMIN));
	CHECK(!(a.caps & BIT(SYS_ADMIN)));
	CHECK_INT(resolve("seccomp=unconfined", &b, &e), 0);
	CHECK(b.seccomp_unconfined);
	CHECK_INT(resolve("no-new-privileges=false", &c, &e), 0);
	CHECK(!c.no_new_privileges);
}
