/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/strv.h"

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(grows_and_ends_in_null)
{
	autostrv s = { 0 };

	CHECK(strv_view(&s)[0] == NULL);
	for (int i = 0; i < 100; i++)
		strv_addf(&s, "%d", i);
	CHECK_INT(s.len, 100);
	CHECK_STR(s.v[99], "99");
	CHECK(s.v[100] == NULL);
	strv_remove(&s, 0);
	strv_remove(&s, 98);
	CHECK_INT(s.len, 98);
	CHECK_STR(s.v[0], "1");
	CHECK_STR(s.v[97], "98");
	CHECK(s.v[98] == NULL);
	strv_reset(&s);
	CHECK_INT(s.len, 0);
	CHECK(strv_view(&s)[0] == NULL);
}

TEST(split_join_sort)
{
	autostrv s = { 0 };
	autofree char *joined = NULL;
	autofree char *sorted = NULL;
	autostrv none = { 0 };
	autofree char *empty = strv_join(&none, ",");

	strv_split(&s, ",b,,a", ',');
	CHECK_INT(s.len, 4);
	joined = strv_join(&s, "--");
	CHECK_STR(joined, "--b----a");
	CHECK(strv_has(&s, "a") && !strv_has(&s, "c"));
	strv_sort(&s);
	sorted = strv_join(&s, ",");
	CHECK_STR(sorted, ",,a,b");
	CHECK_STR(empty, "");
	strv_split(&none, "", ',');
	CHECK_INT(none.len, 1);
}

TEST(environment)
{
	autostrv s = { 0 };
	autostrv copy = { 0 };

	strv_setenv(&s, "A", "1");
	strv_setenv(&s, "AB", "2=3");
	CHECK_STR(strv_getenv(&s, "A"), "1");
	CHECK_STR(strv_getenv(&s, "AB"), "2=3");
	CHECK(strv_getenv(&s, "B") == NULL);
	strv_setenv(&s, "A", strv_getenv(&s, "AB"));
	CHECK_INT(s.len, 2);
	CHECK_STR(strv_getenv(&s, "A"), "2=3");
	strv_addv(&copy, strv_view(&s));
	strv_addv(&copy, NULL);
	CHECK_INT(copy.len, 2);
}
