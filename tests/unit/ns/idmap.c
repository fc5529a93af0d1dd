/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/idmap.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

static struct idmap_range *ranges;
static size_t len;

static void parse(const char *text, const char *name, uint32_t id)
{
	free(ranges);
	ranges = NULL;
	len = 0;
	CHECK_INT(idmap_parse_subid(text, strlen(text), name, id, &ranges, &len), 0);
}

TEST(subid_by_name_and_number)
{
	parse("root:1:2\nann:100000:65536\n1000:300000:10\nann:500000:5", "ann", 1000);
	CHECK_INT(len, 3);
	CHECK_INT(ranges[0].start, 100000);
	CHECK_INT(ranges[1].start, 300000);
	CHECK_INT(ranges[2].count, 5);
}

TEST(subid_merges)
{
	parse("a:10:10\na:15:10\na:25:1\na:40:2\n", "a", 7);
	CHECK_INT(len, 2);
	CHECK_INT(ranges[0].start, 10);
	CHECK_INT(ranges[0].count, 16);
	CHECK_INT(ranges[1].start, 40);
}

TEST(subid_bad_lines)
{
	parse("a\na:\na:1\na:1:\na:x:1\na:1:-1\na:1:0\na:4294967290:10\n"
	      "a:99999999999:1\nab:1:1\n:1:1\na:1:1:1\n\n",
	      "a", 7);
	CHECK_INT(len, 0);
	/* A name that looks like a longer one, and no name at all. */
	parse("ann:1:1\n", "an", 7);
	CHECK_INT(len, 0);
	parse("7:1:1\n", NULL, 7);
	CHECK_INT(len, 1);
}

TEST(make_and_text)
{
	struct idmap_range r[] = { { 100000, 65536 }, { 300000, 4 } };
	autodone(idmap_done) struct idmap m = { 0 }, id = { 0 }, back = { 0 };
	autobuf b = { 0 };

	idmap_make(1500, r, 2, &m);
	CHECK_INT(idmap_text(&m, &b), 0);
	CHECK_STR(buf_str(&b), "0 1500 1\n1 100000 65536\n65537 300000 4\n");
	CHECK_INT(idmap_out(&m, 0), 1500);
	CHECK_INT(idmap_out(&m, 65540), 300003);
	CHECK_INT(idmap_out(&m, 65541), -ENOENT);
	CHECK(idmap_has(&m, 33) && !idmap_has(&m, 70000));
	idmap_identity(&m, &id);
	CHECK_INT(id.len, 1);
	CHECK_INT(id.extents[0].count, 65541);
	CHECK_INT(idmap_parse(b.data, b.len, &back), 0);
	CHECK_INT(back.len, 3);
	CHECK_INT(back.extents[2].outside, 300000);
}

TEST(make_own_inside_range)
{
	struct idmap_range r[] = { { 1000, 10 } };
	autodone(idmap_done) struct idmap m = { 0 };

	idmap_make(1004, r, 1, &m);
	CHECK_INT(m.len, 3);
	CHECK_INT(idmap_out(&m, 4), 1003);
	CHECK_INT(idmap_out(&m, 5), 1005);
	CHECK_INT(idmap_out(&m, 9), 1009);
	CHECK_INT(idmap_out(&m, 10), -ENOENT);
}

TEST(parse_map)
{
	struct idmap m = { 0 };
	static const char ok[] = "         0       1000          1\n"
				 "         1     100000      65536\n";
	static const char overlap[] = "0 1 5\n4 9 1\n";

	CHECK_INT(idmap_parse(ok, strlen(ok), &m), 0);
	CHECK_INT(m.len, 2);
	idmap_done(&m);
	CHECK_INT(idmap_parse(overlap, strlen(overlap), &m), -EINVAL);
	CHECK_INT(idmap_parse("0 1", 3, &m), -EINVAL);
	CHECK_INT(idmap_parse("0 1 2 3", 7, &m), -EINVAL);
	CHECK_INT(idmap_parse("0 0 4294967295", 14, &m), 0);
	idmap_done(&m);
	CHECK_INT(idmap_parse("", 0, &m), 0);
	CHECK_INT(m.len, 0);
}

TEST(fit)
{
	struct idmap_range r[] = { { 100000, 65536 } };
	autodone(idmap_done) struct idmap realm = { 0 }, id = { 0 }, got = { 0 };
	autobuf b = { 0 };
	struct idmap far = { 0 };

	idmap_make(1500, r, 1, &realm);
	idmap_identity(&realm, &id);
	CHECK_INT(idmap_fit(&id, &realm, &got), 0);
	idmap_text(&got, &b);
	CHECK_STR(buf_str(&b), "0 0 1\n1 1 65536\n");
	CHECK_INT(idmap_fit(&realm, &realm, &far), -ENOENT);
}

static void check_lend(const char *map, uint32_t id, uint32_t slot, const char *want)
{
	autodone(idmap_done) struct idmap m = { 0 };
	autobuf text = { 0 };

	CHECK_INT(idmap_parse(map, strlen(map), &m), 0);
	idmap_lend(&m, id, slot);
	idmap_text(&m, &text);
	CHECK_STR(buf_str(&text), want);
}

TEST(lend)
{
	check_lend("0 0 65537\n", 1000650000, 65536, "0 0 65536\n1000650000 65536 1\n");
	check_lend("0 0 65537\n", 70000, 65533,
		   "0 0 65533\n65534 65534 3\n70000 65533 1\n");
	check_lend("0 1 1000\n1000 0 1\n1001 1001 2\n", 5000, 1002,
		   "0 1 1000\n1000 0 1\n1001 1001 1\n5000 1002 1\n");
	check_lend("0 1 10\n1000 0 1\n", 500, 10, "0 1 9\n500 10 1\n1000 0 1\n");
	check_lend("5 1 1\n1000 0 1\n", 500, 1, "500 1 1\n1000 0 1\n");
	/* one that was mapped elsewhere, one that is there already, neighbours */
	check_lend("0 0 10\n", 9, 8, "0 0 8\n9 8 1\n");
	check_lend("0 0 10\n", 9, 9, "0 0 10\n");
	check_lend("0 0 8\n100 8 1\n", 101, 7, "0 0 7\n100 8 1\n101 7 1\n");
	check_lend("0 0 8\n100 6 1\n102 8 1\n", 101, 7, "0 0 7\n100 6 3\n");
	check_lend("0 0 8\n", 100, 9, "0 0 8\n100 9 1\n");
}

TEST(point)
{
	autodone(idmap_done) struct idmap m = { 0 };
	autobuf text = { 0 };

	CHECK_INT(idmap_parse("0 1 10\n1000 0 1\n", 16, &m), 0);
	CHECK_INT(idmap_count(&m), 11);
	idmap_point(&m, 5, 0);
	idmap_point(&m, 11, 10);
	idmap_text(&m, &text);
	CHECK_STR(buf_str(&text), "0 1 5\n5 0 1\n6 7 4\n11 10 1\n1000 0 1\n");
}
