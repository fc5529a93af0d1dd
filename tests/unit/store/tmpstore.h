/* SPDX-License-Identifier: Apache-2.0 */
/* A store of a test's own in a temporary folder. */
#ifndef TESTS_UNIT_STORE_TMPSTORE_H
#define TESTS_UNIT_STORE_TMPSTORE_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/str.h"
#include "core/store/store.h"
#include "tests/unit/test.h"

struct tmpstore {
	struct store store;
	char dir[64];
};

static inline struct tmpstore tmpstore_open(void)
{
	struct tmpstore t = { .dir = "/tmp/rootless-unit-XXXXXX" };
	struct err e = { 0 };
	char path[128];

	CHECK(mkdtemp(t.dir) != NULL);
	str_print(path, sizeof(path), "%s/data", t.dir);
	setenv("ROOTLESS_DATA", path, 1);
	str_print(path, sizeof(path), "%s/run", t.dir);
	CHECK_INT(mkdir(path, 0700), 0);
	setenv("XDG_RUNTIME_DIR", path, 1);
	CHECK_INT(store_open(&t.store, &e), 0);
	CHECK_STR(e.text, "");
	return t;
}

static inline void tmpstore_close(struct tmpstore *t)
{
	store_done(&t->store);
	CHECK_INT(file_remove_tree(AT_FDCWD, t->dir), 0);
}

#endif
