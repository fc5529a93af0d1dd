/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/journal.h"

#include "core/base/mem.h"
#include "core/base/time.h"
#include "tests/unit/store/tmpstore.h"

static int count(yyjson_val *event, void *arg)
{
	int *n = arg;

	CHECK_STR(yyjson_get_str(yyjson_obj_get(event, "Type")), "container");
	(*n)++;
	return 0;
}

TEST(add_and_read_since)
{
	struct tmpstore t = tmpstore_open();
	autostrv attributes = { 0 };
	struct err e = { 0 };
	int n = 0;

	strv_add(&attributes, "image=nginx");
	CHECK_INT(journal_add(&t.store, "container", "create", "abc", &attributes), 0);
	int64_t mark = time_now();
	CHECK_INT(journal_add(&t.store, "container", "start", "abc", NULL), 0);
	CHECK_INT(journal_read(&t.store, 0, count, &n, &e), 0);
	CHECK_INT(n, 2);
	n = 0;
	CHECK_INT(journal_read(&t.store, mark, count, &n, &e), 0);
	CHECK_INT(n, 1);
	tmpstore_close(&t);
}

TEST(rotates)
{
	struct tmpstore t = tmpstore_open();
	autostrv attributes = { 0 };
	struct err e = { 0 };
	char big[30000];
	int n = 0;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	strv_addf(&attributes, "a=%s", big);
	for (int i = 0; i < 200; i++)
		CHECK_INT(journal_add(&t.store, "container", "x", "abc", &attributes), 0);
	CHECK_INT(faccessat(t.store.data_fd, "journal/events.1", F_OK, 0), 0);
	CHECK_INT(journal_read(&t.store, 0, count, &n, &e), 0);
	CHECK_INT(n, 200);
	tmpstore_close(&t);
}

TEST(what_follows_a_torn_line_is_read)
{
	struct tmpstore t = tmpstore_open();
	struct err e = { 0 };
	int n = 0;

	CHECK_INT(journal_add(&t.store, "container", "create", "abc", NULL), 0);
	int fd = openat(t.store.data_fd, "journal/events",
			O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK_INT(write(fd, "{\"Type\":\"conta", 14), 14);
	close(fd);
	CHECK_INT(journal_add(&t.store, "container", "start", "abc", NULL), 0);
	CHECK_INT(journal_read(&t.store, 0, count, &n, &e), 0);
	CHECK_INT(n, 2);
	tmpstore_close(&t);
}
