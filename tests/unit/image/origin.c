/* SPDX-License-Identifier: Apache-2.0 */
#include "core/image/origin.h"

#include <errno.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(loopback)
{
	CHECK(origin_is_loopback("localhost") && origin_is_loopback("LOCALHOST:5000"));
	CHECK(origin_is_loopback("127.0.0.1") && origin_is_loopback("127.9.8.7:1"));
	CHECK(origin_is_loopback("[::1]:5000"));
	CHECK(!origin_is_loopback("localhost.example") &&
	      !origin_is_loopback("128.0.0.1"));
	CHECK(!origin_is_loopback("127.0.0.1.example") && !origin_is_loopback("[::2]"));
	CHECK(!origin_is_loopback("") && !origin_is_loopback("127.1"));
}

TEST(listed)
{
	autostrv list = { 0 };

	strv_add(&list, "reg.example:5000");
	strv_add(&list, "other.example");
	strv_add(&list, "10.1.0.0/16");
	strv_add(&list, "fd00::/8");
	strv_add(&list, "1.2.3.4/99");
	CHECK(origin_listed("reg.example:5000", &list) &&
	      origin_listed("REG.example:5000", &list));
	CHECK(!origin_listed("reg.example", &list) &&
	      !origin_listed("reg.example:1", &list));
	CHECK(origin_listed("other.example:7", &list));
	CHECK(origin_listed("10.1.200.3:5000", &list) &&
	      !origin_listed("10.2.0.1", &list));
	CHECK(origin_listed("[fd12::1]:5000", &list) &&
	      !origin_listed("[fe80::1]", &list));
	CHECK(!origin_listed("1.2.3.4", &list) && !origin_listed("x", NULL));
}

static void mirror(const char *url, int want, const char *want_url)
{
	struct origin o = { 0 };
	struct err e = { 0 };

	CHECK_INT(origin_mirror(&o, url, NULL, &e), want);
	if (want < 0) {
		CHECK(e.text[0] != 0);
		return;
	}
	autofree char *is = origin_url(&o, "a/manifests/b");
	CHECK_STR(is, want_url);
	origin_done(&o);
}

TEST(mirrors)
{
	mirror("https://m.example", 0, "https://m.example/v2/a/manifests/b");
	mirror("https://m.example/x/y//", 0, "https://m.example/x/y/v2/a/manifests/b");
	mirror("http://localhost:5000/", 0, "http://localhost:5000/v2/a/manifests/b");
	mirror("http://m.example", -EPERM, NULL);
	mirror("ftp://m.example", -EINVAL, NULL);
	mirror("https://user:pass@m.example", -EINVAL, NULL);
	mirror("https://m.example:99999", -EINVAL, NULL);
	mirror("https://m.example/?x=y", -EINVAL, NULL);
	mirror("https://", -EINVAL, NULL);
}

TEST(owning)
{
	struct origin o;

	origin_init(&o, "reg.example", "reg.example", NULL);
	CHECK(origin_owns(&o, "https://reg.example/v2/") &&
	      origin_owns(&o, "https://REG.example:443/"));
	CHECK(!origin_owns(&o, "http://reg.example/") &&
	      !origin_owns(&o, "https://reg.example:444/"));
	CHECK(!origin_owns(&o, "https://reg.example.evil/") &&
	      !origin_owns(&o, "https://reg.example@evil/"));
	CHECK(!o.plain_ok && o.settled);
	origin_done(&o);
}
