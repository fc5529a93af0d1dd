/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/record.h"

#include <errno.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/store/gc.h"
#include "tests/unit/store/tmpstore.h"

#define A "aaaa0000000000000000000000000000000000000000000000000000000000aa"
#define B "aaab0000000000000000000000000000000000000000000000000000000000bb"

static int write_one(int parent, const char *id, const char *value)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	json_add_str(doc, root, "v", value);
	return record_write(parent, id, doc, NULL);
}

TEST(begin_publish_find_trash)
{
	struct tmpstore t = tmpstore_open();
	int parent = t.store.containers_fd;
	autostrv all = { 0 };
	autojson *doc = NULL;
	autofree char *id = NULL, *trash = NULL;
	struct err e = { 0 };

	autoclose int fd = record_begin(parent, A, &e);
	CHECK(fd >= 0);
	CHECK_INT(write_one(parent, A, "one"), 0);
	CHECK_INT(record_list(parent, &all, &e), 0);
	CHECK_INT(all.len, 0); /* not before it is published */
	CHECK_INT(record_name_take(parent, "web", A, &id, &e), 0);
	CHECK_INT(record_find(parent, "web", &id, &e), -ENOENT);
	CHECK_INT(record_publish(parent, A, &e), 0);
	CHECK_INT(record_find(parent, "web", &id, &e), 0);
	CHECK_STR(id, A);
	CHECK_INT(record_read(parent, A, &doc, &e), 0);
	CHECK_STR(yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "v")), "one");
	CHECK_INT(record_list(parent, &all, &e), 0);
	CHECK_INT(all.len, 1);
	CHECK_INT(record_trash(&t.store, parent, A, &trash, &e), 0);
	CHECK_INT(record_find(parent, "web", &id, &e), -ENOENT);
	CHECK_INT(file_remove_tree(t.store.tmp_fd, trash), 0);
	tmpstore_close(&t);
}

TEST(names_are_taken_once)
{
	struct tmpstore t = tmpstore_open();
	int parent = t.store.containers_fd;
	autofree char *holder = NULL;
	struct err e = { 0 };

	autoclose int a = record_begin(parent, A, &e);
	autoclose int b = record_begin(parent, B, &e);
	CHECK(a >= 0 && b >= 0);
	CHECK_INT(record_name_take(parent, "web", A, NULL, &e), 0);
	CHECK_INT(record_name_take(parent, "web", A, NULL, &e), 0);
	CHECK_INT(record_name_take(parent, "web", B, &holder, &e), -EEXIST);
	CHECK_STR(holder, A);
	CHECK_INT(record_name_drop(parent, "web", B), -ENOENT);
	/* A dies before it is published: its name may be taken over */
	a = fd_close(a);
	CHECK_INT(record_name_take(parent, "web", B, NULL, &e), 0);
	CHECK_INT(record_name_drop(parent, "web", B), 0);
	CHECK_INT(record_name_take(parent, "../x", B, NULL, &e), -EINVAL);
	tmpstore_close(&t);
}

TEST(prefixes)
{
	struct tmpstore t = tmpstore_open();
	int parent = t.store.containers_fd;
	struct err e = { 0 };
	char *id = NULL;

	autoclose int a = record_begin(parent, A, &e);
	autoclose int b = record_begin(parent, B, &e);
	CHECK_INT(record_publish(parent, A, &e) | record_publish(parent, B, &e), 0);
	CHECK_INT(record_find(parent, "aaa", &id, &e), -ENOTUNIQ);
	CHECK_INT(record_find(parent, "aaaa", &id, &e), 0);
	CHECK_STR(id, A);
	free(id);
	CHECK_INT(record_find(parent, "ff", &id, &e), -ENOENT);
	CHECK_INT(record_find(parent, "../tmp", &id, &e), -ENOENT);
	CHECK_INT(record_find(parent, "", &id, &e), -ENOENT);
	tmpstore_close(&t);
}

TEST(half_made_is_swept)
{
	struct tmpstore t = tmpstore_open();
	int parent = t.store.containers_fd;
	struct err e = { 0 };
	size_t n = 9;

	int fd = record_begin(parent, A, &e);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 0); /* its maker lives */
	fd_close(fd);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 1);
	fd = record_begin(parent, A, &e); /* the same ID again */
	CHECK(fd >= 0);
	fd_close(fd);
	CHECK_INT(gc_sweep(&t.store, &e), 0);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 0);
	tmpstore_close(&t);
}
