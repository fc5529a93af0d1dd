/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/keepid.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

static void check_map(uint32_t ranges, uint32_t own, const char *want)
{
	struct idmap_range range = { 100000, ranges };
	autodone(idmap_done) struct idmap realm = { 0 }, map = { 0 };
	autobuf text = { 0 };

	idmap_make(1000, &range, ranges ? 1 : 0, &realm);
	keepid_map(&realm, own, &map);
	idmap_text(&map, &text);
	CHECK_STR(buf_str(&text), want);
	/* Whatever it is called inside, one ID is the user's own. */
	CHECK_INT(idmap_out(&map, own), 0);
}

TEST(maps)
{
	check_map(65536, 1000, "0 1 1000\n1000 0 1\n1001 1001 64536\n");
	check_map(65536, 0, "0 0 1\n1 1 65536\n");
	check_map(10, 1000, "0 1 10\n1000 0 1\n");
	check_map(10, 10, "0 1 10\n10 0 1\n");
	check_map(0, 1000, "1000 0 1\n");
}

TEST(forms)
{
	uint32_t uid, gid;
	struct err e = { 0 };

	CHECK(keepid_is("keep-id") && keepid_is("keep-id:uid=1"));
	CHECK(keepid_is("auto-user") && keepid_is_auto("auto-user"));
	CHECK(!keepid_is_auto("keep-id") && !keepid_is("auto"));
	CHECK(!keepid_is("host") && !keepid_is(NULL) && !keepid_is("keep-idx"));
	CHECK_INT(keepid_parse("keep-id", &uid, &gid, &e), 0);
	CHECK_INT(uid, geteuid());
	CHECK_INT(keepid_parse("keep-id:uid=5,gid=6", &uid, &gid, &e), 0);
	CHECK_INT(uid, 5);
	CHECK_INT(gid, 6);
	CHECK_INT(keepid_parse("keep-id:uid=", &uid, &gid, &e), -EINVAL);
	CHECK_INT(keepid_parse("keep-id:pid=4", &uid, &gid, &e), -EINVAL);
}
