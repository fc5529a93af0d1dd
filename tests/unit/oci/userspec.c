/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/userspec.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "\n"
			     "# a comment\n"
			     "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
			     "1000:x:77:77::/trap:/bin/sh\n"
			     "huge:x:4294967296:0::/:\n"
			     "negative:x:-1:0::/:\n"
			     "short:x:5\n"
			     "nohome:x:12:13\n"
			     "empty:x::\n"
			     ":x:14:14::/noname:\n"
			     "last:x:50:51::/last:/bin/sh";
static const char group[] = "root:x:0:\n"
			    "daemon:x:1:root,www-data\n"
			    "adm:x:4:root\n"
			    "www-data:x:33:\n"
			    "1000:x:88:\n"
			    "twice:x:4:root,root\n"
			    "bad:x:4294967295:root\n"
			    "media:x:90:www-data,last,nobody";

struct outcome {
	uint32_t uid, gid;
	const char *home, *name, *groups;
};

static void expect(const char *spec, struct outcome want)
{
	struct userspec u = { 0 };
	struct err e = { 0 };
	autofree char *groups = NULL;

	CHECK_INT(userspec_resolve(spec, passwd, group, NULL, &u, &e), 0);
	CHECK_STR(e.text, "");
	groups = strv_join(&u.groups, ",");
	CHECK_INT(u.uid, want.uid);
	CHECK_INT(u.gid, want.gid);
	CHECK_STR(u.home, want.home);
	CHECK_STR(u.name, want.name);
	CHECK_STR(groups, want.groups);
	userspec_done(&u);
}

TEST(resolved)
{
	const struct outcome root = { 0, 0, "/root", "root", "1,4" };

	expect(NULL, root);
	expect("", root);
	expect("root", root);
	expect("0", root);
	expect("root:", root);
	expect(":", root);
	expect("www-data", (struct outcome){ 33, 33, "/var/www", "www-data", "1,90" });
	expect("33", (struct outcome){ 33, 33, "/var/www", "www-data", "1,90" });
	expect("www-data:adm", (struct outcome){ 33, 4, "/var/www", "www-data", "" });
	expect("0:33", (struct outcome){ 0, 33, "/root", "root", "" });
	expect(":33", (struct outcome){ 0, 33, "/root", "root", "" });
	expect("last", (struct outcome){ 50, 51, "/last", "last", "90" });
	expect("nohome", (struct outcome){ 12, 13, "/", "nohome", "" });
}

/* A number is a number, even if someone has it for a name. */
TEST(numbers_are_numbers)
{
	expect("1000", (struct outcome){ 1000, 0, "/", "", "" });
	expect("1000:1000", (struct outcome){ 1000, 1000, "/", "", "" });
	expect("0000", (struct outcome){ 0, 0, "/root", "root", "1,4" });
	expect("2147483647", (struct outcome){ 2147483647, 0, "/", "", "" });
}

TEST(refused)
{
	static const struct {
		const char *spec, *sentence;
	} cases[] = {
		{ "nobody",
		  "unable to find user nobody: no matching entries in passwd file" },
		{ "ROOT",
		  "unable to find user ROOT: no matching entries in passwd file" },
		{ "1000x",
		  "unable to find user 1000x: no matching entries in passwd file" },
		{ " 0", "unable to find user  0: no matching entries in passwd file" },
		{ "+0", "unable to find user +0: no matching entries in passwd file" },
		{ "-", "unable to find user -: no matching entries in passwd file" },
		{ "huge",
		  "unable to find user huge: no matching entries in passwd file" },
		{ "negative",
		  "unable to find user negative: no matching entries in passwd file" },
		{ "short",
		  "unable to find user short: no matching entries in passwd file" },
		{ "empty",
		  "unable to find user empty: no matching entries in passwd file" },
		{ "# a comment",
		  "unable to find user # a comment: no matching entries in passwd file" },
		{ "root:none",
		  "unable to find group none: no matching entries in group file" },
		{ "root:root:x",
		  "unable to find group root:x: no matching entries in group file" },
		{ "root:bad",
		  "unable to find group bad: no matching entries in group file" },
		{ "2147483648", "uids and gids must be in range 0-2147483647" },
		{ "4294967296", "uids and gids must be in range 0-2147483647" },
		{ "18446744073709551616", "uids and gids must be in range 0-2147483647" },
		{ "99999999999999999999999",
		  "uids and gids must be in range 0-2147483647" },
		{ "-1", "uids and gids must be in range 0-2147483647" },
		{ "0:-1", "uids and gids must be in range 0-2147483647" },
		{ "0:4294967295", "uids and gids must be in range 0-2147483647" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct userspec u = { .uid = 7 };
		struct err e = { 0 };

		CHECK_INT(userspec_resolve(cases[i].spec, passwd, group, NULL, &u, &e),
			  -EINVAL);
		CHECK_STR(e.text, cases[i].sentence);
		CHECK_INT(u.uid, 7);
	}
}

TEST(extra_groups)
{
	struct userspec u = { 0 };
	struct err e = { 0 };
	autostrv extra = { 0 };
	autofree char *groups = NULL;

	strv_add(&extra, "media");
	strv_add(&extra, "5000");
	strv_add(&extra, "1000");
	strv_add(&extra, "4");
	CHECK_INT(userspec_resolve("0", passwd, group, &extra, &u, &e), 0);
	groups = strv_join(&u.groups, ",");
	CHECK_STR(groups, "1,4,90,1000,5000");
	userspec_done(&u);
	strv_add(&extra, "none");
	CHECK_INT(userspec_resolve("0", passwd, group, &extra, &u, &e), -EINVAL);
	strv_reset(&extra);
	strv_add(&extra, "");
	CHECK_INT(userspec_resolve("0", passwd, group, &extra, &u, &e), -EINVAL);
}

TEST(images_without_files)
{
	struct userspec u = { 0 };
	struct err e = { 0 };

	CHECK_INT(userspec_resolve("1234:5", "", "", NULL, &u, &e), 0);
	CHECK_INT(u.uid, 1234);
	CHECK_INT(u.gid, 5);
	CHECK_STR(u.home, "/");
	userspec_done(&u);
	CHECK_INT(userspec_resolve("", NULL, NULL, NULL, &u, &e), 0);
	CHECK_INT(u.uid, 0);
	CHECK_STR(u.home, "/");
	userspec_done(&u);
}

TEST(long_fields_and_many_groups)
{
	autobuf p = { 0 }, g = { 0 };
	struct userspec u = { 0 };
	struct err e = { 0 };

	buf_adds(&p, "u:x:1:1::/");
	for (int i = 0; i < 5000; i++)
		buf_addc(&p, 'h');
	buf_adds(&p, ":/bin/sh\n");
	CHECK_INT(userspec_resolve("u", buf_str(&p), "", NULL, &u, &e), 0);
	CHECK_STR(u.home, "/");
	userspec_done(&u);
	for (int i = 0; i < 65537; i++)
		buf_addf(&g, "g::%d:u\n", i);
	CHECK_INT(userspec_resolve("u", buf_str(&p), buf_str(&g), NULL, &u, &e), -E2BIG);
}
