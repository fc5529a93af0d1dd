/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/way.h"

#include <errno.h>

#include "tests/unit/test.h"

TEST(way_names)
{
	for (int i = 0; i < WAYS; i++) {
		struct way w;

		CHECK_INT(way_find(way_name(i)), i);
		CHECK_INT(way_parse(way_name(i), &w), 0);
		/* The usual fabric is not said, and so any will do. */
		if (i < BRIDGE_PATHS) {
			CHECK_INT(w.fabric, BRIDGE_FABRICS);
			w.fabric = BRIDGE_VETH;
		}
		CHECK_INT(way_number(&w), i);
	}
	CHECK_INT(way_find("nosuch"), -EINVAL);
	CHECK_INT(way_find(""), -EINVAL);
}

TEST(way_wishes)
{
	struct way w = { 77, 77 };

	CHECK_INT(way_parse(NULL, &w), 0);
	CHECK_INT(w.path, BRIDGE_PATHS);
	CHECK_INT(w.fabric, BRIDGE_FABRICS);
	CHECK_INT(way_parse("macvlan", &w), 0);
	CHECK_INT(w.path, BRIDGE_PATHS);
	CHECK_INT(w.fabric, BRIDGE_MACVLAN);
	CHECK_INT(way_parse("macvlan,bare", &w), 0);
	CHECK_INT(w.path, BRIDGE_BARE);
	CHECK_INT(w.fabric, BRIDGE_MACVLAN);
	CHECK_INT(way_parse("nosuch", &w), -EINVAL);
	CHECK_INT(way_parse("doors,", &w), 0);
	CHECK_INT(way_parse("door", &w), -EINVAL);
	CHECK_INT(way_parse("doors,,macvlan", &w), -EINVAL);
	CHECK_INT(w.path, BRIDGE_DOORS);
}
