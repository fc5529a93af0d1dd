/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/store.h"

#include <errno.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/unit/store/tmpstore.h"

TEST(makes_a_layout)
{
	struct tmpstore t = tmpstore_open();
	autobuf text = { 0 };
	struct stat st;

	CHECK_INT(file_read(t.store.oci_fd, "oci-layout", 1000, &text), 0);
	CHECK_STR(buf_str(&text), "{\"imageLayoutVersion\":\"1.0.0\"}");
	CHECK_INT(faccessat(t.store.oci_fd, "blobs/sha256", F_OK, 0), 0);
	CHECK_INT(fstat(t.store.data_fd, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	CHECK(t.store.run_why == NULL);
	CHECK(str_ends(t.store.run, "/run/rootless"));
	tmpstore_close(&t);
}

TEST(puts_the_mode_right_and_refuses_writable_by_others)
{
	struct tmpstore t = tmpstore_open();
	struct store s = { 0 };
	struct err e = { 0 };
	struct stat st;

	CHECK_INT(fchmod(t.store.data_fd, 0755), 0);
	CHECK_INT(store_open(&s, &e), 0);
	store_done(&s);
	CHECK_INT(fstat(t.store.data_fd, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	CHECK_INT(fchmod(t.store.data_fd, 0770), 0);
	CHECK_INT(store_open(&s, &e), -EPERM);
	CHECK(strstr(e.text, "may be written by others") != NULL);
	tmpstore_close(&t);
}

TEST(runtime_folder_falls_back_and_says_why)
{
	struct tmpstore t = tmpstore_open();
	struct store s = { 0 };
	struct err e = { 0 };

	setenv("XDG_RUNTIME_DIR", "/nonexistent/place", 1);
	CHECK_INT(store_open(&s, &e), 0);
	CHECK(s.run_why && strstr(s.run_why, "'/nonexistent/place' is not a folder"));
	CHECK(s.run && !str_starts(s.run, "/nonexistent"));
	store_done(&s);
	tmpstore_close(&t);
}

TEST(no_place_for_data)
{
	struct store s = { 0 };
	struct err e = { 0 };

	setenv("ROOTLESS_DATA", "relative", 1);
	unsetenv("XDG_DATA_HOME");
	setenv("HOME", "/proc/nonexistent", 1);
	CHECK(store_open(&s, &e) < 0);
	CHECK(e.text[0] != 0);
	store_done(&s);
}
