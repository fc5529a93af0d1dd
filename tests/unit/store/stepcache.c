/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/stepcache.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/wire/hasher.h"
#include "tests/unit/store/tmpstore.h"

TEST(results_are_remembered_and_reached)
{
	struct tmpstore t = tmpstore_open();
	struct stepcache step = { .media_type = "some/type", .size = 5, .created = 6 },
			 got;
	autostrv blobs = { 0 }, chains = { 0 };
	struct digest key, other;
	struct err e = { 0 };
	char hex[DIGEST_TEXT_MAX];
	autostrv gone = { 0 };

	hasher_of("key", 3, &key);
	hasher_of("other", 5, &other);
	hasher_of("blob", 4, &step.blob);
	hasher_of("diff", 4, &step.diff_id);
	hasher_of("chain", 5, &step.chain_id);
	/* reading before anything was built is no error */
	CHECK_INT(stepcache_get(&t.store, &key, &got), 0);
	CHECK_INT(stepcache_reach(&t.store, &blobs, &chains, &e), 0);
	CHECK_INT(stepcache_clear(&t.store, 0, &gone, &e), 0);
	CHECK_INT(stepcache_put(&t.store, &key, &step, &e), 0);
	CHECK_INT(stepcache_get(&t.store, &key, &got), 1);
	CHECK(digest_eq(&got.blob, &step.blob) &&
	      digest_eq(&got.diff_id, &step.diff_id) &&
	      digest_eq(&got.chain_id, &step.chain_id));
	CHECK_STR(got.media_type, "some/type");
	CHECK_INT(got.size, 5);
	CHECK_INT(got.created, 6);
	CHECK_INT(stepcache_get(&t.store, &other, &got), 0);
	step = (struct stepcache){ .empty = true, .created = 7 };
	CHECK_INT(stepcache_put(&t.store, &other, &step, &e), 0);
	CHECK_INT(stepcache_get(&t.store, &other, &got), 1);
	CHECK(got.empty);
	CHECK_INT(stepcache_reach(&t.store, &blobs, &chains, &e), 0);
	CHECK_INT(blobs.len, 1);
	CHECK_INT(chains.len, 1);
	hasher_of("chain", 5, &step.chain_id);
	CHECK_STR(chains.v[0], digest_hex(hex, &step.chain_id));
	CHECK_INT(stepcache_clear(&t.store, 0, &gone, &e), 0);
	CHECK_INT(gone.len, 2);
	CHECK_INT(stepcache_get(&t.store, &key, &got), 0);
	tmpstore_close(&t);
}

TEST(a_damaged_result_is_none)
{
	struct tmpstore t = tmpstore_open();
	struct stepcache got;
	struct digest key;
	struct err e = { 0 };
	char hex[DIGEST_TEXT_MAX];
	int dir = stepcache_folder(&t.store, "steps", &e);

	hasher_of("key", 3, &key);
	int fd = openat(dir, digest_hex(hex, &key), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK_INT(fd_write_all(fd, "{\"empty\":false}", 15), 0);
	CHECK_INT(stepcache_get(&t.store, &key, &got), 0);
	fd_close(fd);
	fd_close(dir);
	tmpstore_close(&t);
}
