/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/layer.h"

#include <errno.h>
#include <sys/wait.h>

#include "core/base/mem.h"
#include "core/store/gc.h"
#include "core/wire/hasher.h"
#include "tests/unit/store/tmpstore.h"

TEST(make_seal_commit_read)
{
	struct tmpstore t = tmpstore_open();
	struct layer l = { .size = 5, .uid_max = 33, .gid_max = 44 }, got = { 0 };
	struct layer_maker *m = NULL;
	autostrv all = { 0 };
	struct err e = { 0 };
	char path[512];

	hasher_of("c", 1, &l.chain_id);
	hasher_of("d", 1, &l.diff_id);
	hasher_of("p", 1, &l.parent);
	CHECK_INT(layer_make(&t.store, &l.chain_id, false, &m, &e), 0);
	CHECK_INT(file_replace(layer_dirfd(m), "f", "hello", 5, 0644), 0);
	CHECK(!layer_has(&t.store, &l.chain_id));
	CHECK_INT(layer_seal(m, &l, &e), 0);
	CHECK_INT(layer_sync(&t.store, &e), 0);
	CHECK_INT(layer_commit(m, &e), 0);
	CHECK(layer_has(&t.store, &l.chain_id));
	CHECK_INT(layer_read(&t.store, &l.chain_id, &got, &e), 0);
	CHECK(digest_eq(&got.diff_id, &l.diff_id) && digest_eq(&got.parent, &l.parent));
	CHECK_INT(got.size, 5);
	CHECK_INT(got.uid_max, 33);
	CHECK_INT(got.gid_max, 44);
	autofree char *p = layer_path(&t.store, &l.chain_id);
	str_print(path, sizeof(path), "%s/f", p);
	CHECK_INT(access(path, R_OK), 0);
	CHECK_INT(layer_make(&t.store, &l.chain_id, true, &m, &e), 0);
	CHECK(m == NULL);
	CHECK_INT(layer_list(&t.store, &all, &e), 0);
	CHECK_INT(all.len, 1);
	CHECK_INT(layer_remove(&t.store, &l.chain_id, &e), 0);
	CHECK(!layer_has(&t.store, &l.chain_id));
	CHECK_INT(layer_remove(&t.store, &l.chain_id, &e), -ENOENT);
	size_t n = 0;
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 1);
	CHECK_INT(gc_sweep(&t.store, &e), 0);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 0);
	tmpstore_close(&t);
}

/* A maker that was killed: its lock is free, the next one starts anew. */
TEST(leftover_of_a_dead_maker)
{
	struct tmpstore t = tmpstore_open();
	struct layer_maker *m = NULL;
	struct err e = { 0 };
	struct digest d;
	size_t n = 0;

	hasher_of("c", 1, &d);
	pid_t pid = fork();
	if (pid == 0) {
		bool ok = layer_make(&t.store, &d, false, &m, &e) == 0 &&
			  file_replace(layer_dirfd(m), "f", "x", 1, 0644) == 0;
		_exit(ok ? 0 : 1);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 1);
	CHECK_INT(layer_make(&t.store, &d, false, &m, &e), 0);
	CHECK_INT(faccessat(layer_dirfd(m), "f", F_OK, 0), -1);
	CHECK_INT(gc_sweep(&t.store, &e), 0); /* takes the old one, not the living one */
	CHECK_INT(file_replace(layer_dirfd(m), "g", "x", 1, 0644), 0);
	layer_abort(m);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 1);
	CHECK_INT(gc_sweep(&t.store, &e), 0);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 0);
	tmpstore_close(&t);
}

TEST(held_by_another)
{
	struct tmpstore t = tmpstore_open();
	struct layer_maker *m = NULL, *other = NULL;
	struct err e = { 0 };
	struct digest d;

	hasher_of("c", 1, &d);
	CHECK_INT(layer_make(&t.store, &d, false, &m, &e), 0);
	CHECK_INT(layer_make(&t.store, &d, false, &other, &e), -EWOULDBLOCK);
	layer_abort(m);
	tmpstore_close(&t);
}
