/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/owners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/store/tmpstore.h"
#include "tests/unit/test.h"

TEST(which_ids_are_plain)
{
	static const struct {
		uint32_t count, plain[4], not [4];
	} t[] = {
		/* as most accounts are */
		{ 65537, { 0, 64999, 65534, 65535 }, { 65000, 65533, 65536, 65537 } },
		{ 165537, { 0, 65533, 165440, 1 }, { 165441, 165536, 165537, 1 << 30 } },
		{ 1001, { 0, 1, 500, 749 }, { 750, 1000, 1001, 65534 } },
		{ 2, { 0, 0, 0, 0 }, { 1, 2, 3, 65534 } },
		{ 1, { 0, 0, 0, 0 }, { 1, 2, 3, 65534 } },
		{ UINT32_MAX, { 0, 1000, 65534, 1 << 30 }, { ~1u, ~2u, ~1u, ~1u } },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t k = 0; k < 4; k++) {
			CHECK(owners_plain(t[i].plain[k], t[i].count));
			CHECK(!owners_plain(t[i].not [k], t[i].count));
		}
}

static int parse(const char *text, struct owners *ret)
{
	*ret = (struct owners){ 0 };
	return owners_parse(text, strlen(text), ret);
}

TEST(text)
{
	autodone(owners_done) struct owners o = { 0 };
	autobuf out = { 0 };
	uint32_t slot;

	CHECK_INT(parse("u 1234567 65533\ng 2000000000 65533\nu 1234567 7\n", &o), 0);
	CHECK_INT(o.len, 2);
	CHECK(owners_find(&o, false, 1234567, &slot) && slot == 65533);
	CHECK(owners_find(&o, true, 2000000000, &slot) && slot == 65533);
	CHECK(!owners_find(&o, true, 1234567, &slot));
	owners_print(&o, &out);
	CHECK_STR(buf_str(&out), "u 1234567 65533\ng 2000000000 65533\n");
}

TEST(bad_text)
{
	static const char *const bad[] = { "x 1 2\n",
					   "u 1\n",
					   "u 1 2 3\n",
					   "u 1 2",
					   "\n",
					   "u -1 2\n",
					   "u 1 0\n",
					   "u 4294967295 5\n",
					   "u 5 4294967295\n",
					   "u  1 2\n" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		autodone(owners_done) struct owners o = { 0 };

		CHECK_INT(parse(bad[i], &o), -EINVAL);
	}
}

/* --- lending -------------------------------------------------------------------------
 */

static int holder(const struct store *s, const char *path)
{
	CHECK_INT(mkdirat(s->data_fd, path, 0700), 0);
	return openat(s->data_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int lend(const struct store *s, int fd, uint32_t id, uint32_t *ret, struct err *e)
{
	const struct owners_want w = { .id = id, .count = 65537 };

	return owners_lend(s, fd, &w, ret, e);
}

TEST(one_slot_everywhere)
{
	struct tmpstore t = tmpstore_open();
	const struct store *s = &t.store;
	autodone(owners_done) struct owners all = { 0 };
	struct err e = { 0 };
	uint32_t a = 0, b = 0, c = 0;

	CHECK_INT(owners_all(s, &all, &e), 0);
	CHECK_INT(all.len, 0);
	autoclose int one = holder(s, "layers/tmp-a"), two = holder(s, "tmp/build-x");
	CHECK_INT(lend(s, one, 1234567, &a, &e), 0);
	CHECK_INT(a, 65536);
	CHECK_INT(lend(s, one, 1234567, &b, &e), 0);
	CHECK_INT(b, a);
	CHECK_INT(lend(s, two, 2000000000, &b, &e), 0);
	CHECK_INT(b, 65533); /* nobody's own is left out */
	CHECK_INT(lend(s, two, 1234567, &c, &e), 0);
	CHECK_INT(c, a);
	/* A file that really has such an ID keeps it, unless it is lent. */
	CHECK_INT(lend(s, two, 65100, &c, &e), 0);
	CHECK_INT(c, 65100);
	CHECK_INT(lend(s, two, 65533, &c, &e), 0);
	CHECK_INT(c, 65532);
	CHECK_INT(owners_all(s, &all, &e), 0);
	CHECK_INT(all.len, 4);
	/* Free with the last that has it. */
	CHECK_INT(renameat(s->data_fd, "layers/tmp-a", s->data_fd, "gone"), 0);
	CHECK_INT(lend(s, two, 3000000, &c, &e), 0);
	CHECK_INT(c, 65531);
	CHECK_INT(unlinkat(two, "owners", 0), 0);
	CHECK_INT(lend(s, two, 3000000, &c, &e), 0);
	CHECK_INT(c, 65536);
	tmpstore_close(&t);
}

TEST(bounds)
{
	struct tmpstore t = tmpstore_open();
	const struct store *s = &t.store;
	struct err e = { 0 };
	uint32_t slot;
	size_t n = 0;

	autoclose int one = holder(s, "layers/a"), two = holder(s, "layers/b"),
		      three = holder(s, "layers/c");
	for (; n < OWNERS_IMAGE_MAX; n++)
		CHECK_INT(lend(s, one, 1000000 + (uint32_t)n, &slot, &e), 0);
	CHECK_INT(lend(s, one, 999999, &slot, &e), -EOVERFLOW);
	CHECK_STR(e.text, "its files belong to more than 48 IDs beyond your map");
	for (; n < OWNERS_MAX; n++)
		CHECK_INT(lend(s, two, 1000000 + (uint32_t)n, &slot, &e), 0);
	CHECK_INT(lend(s, three, 999999, &slot, &e), -EOVERFLOW);
	CHECK(str_starts(e.text, "uid 999999 is beyond the 65537 IDs of your map, and "));
	CHECK_INT(lend(s, three, 1000000, &slot, &e), 0);
	CHECK_INT(slot, 65536);
	tmpstore_close(&t);
}

TEST(few_ids)
{
	struct tmpstore t = tmpstore_open();
	struct owners_want w = { .id = 5000, .count = 5 };
	struct err e = { 0 };
	uint32_t slot;

	autoclose int one = holder(&t.store, "layers/a");
	CHECK_INT(owners_lend(&t.store, one, &w, &slot, &e), 0);
	CHECK_INT(slot, 4);
	w.id = 5001;
	CHECK_INT(owners_lend(&t.store, one, &w, &slot, &e), 0);
	CHECK_INT(slot, 3);
	w.id = 5002;
	CHECK_INT(owners_lend(&t.store, one, &w, &slot, &e), -EOVERFLOW);
	w.count = 1;
	CHECK_INT(owners_lend(&t.store, one, &w, &slot, &e), -EOVERFLOW);
	tmpstore_close(&t);
}
