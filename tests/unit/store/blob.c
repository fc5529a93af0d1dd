/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/blob.h"

#include <errno.h>
#include <sys/wait.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/wire/hasher.h"
#include "tests/unit/store/tmpstore.h"

static struct blob_want want_of(const char *text)
{
	struct blob_want w = { .size = strlen(text) };

	hasher_of(text, strlen(text), &w.digest);
	return w;
}

TEST(put_and_read)
{
	struct tmpstore t = tmpstore_open();
	struct err e = { 0 };
	struct digest d;
	autobuf b = { 0 };
	uint64_t size;

	CHECK_INT(blob_put(&t.store, "hello", 5, &d, &e), 0);
	CHECK_INT(blob_put(&t.store, "hello", 5, &d, &e), 0);
	CHECK(blob_has(&t.store, &d));
	CHECK(blob_has_size(&t.store, &d, 5) && !blob_has_size(&t.store, &d, 6));
	CHECK_INT(blob_read(&t.store, &d, 100, &b, &e), 0);
	CHECK_STR(buf_str(&b), "hello");
	CHECK_INT(blob_read(&t.store, &d, 4, &b, &e), -EFBIG);
	autoclose int fd = blob_open(&t.store, &d, &size);
	CHECK(fd >= 0);
	CHECK_INT(size, 5);
	CHECK_INT(blob_remove(&t.store, &d, &e), 0);
	CHECK(!blob_has(&t.store, &d));
	CHECK_INT(blob_remove(&t.store, &d, &e), -ENOENT);
	tmpstore_close(&t);
}

TEST(damage_is_seen)
{
	struct tmpstore t = tmpstore_open();
	struct err e = { 0 };
	struct digest d;
	autobuf b = { 0 };
	char path[256], hex[DIGEST_TEXT_MAX];

	CHECK_INT(blob_put(&t.store, "hello", 5, &d, &e), 0);
	str_print(path, sizeof(path), "blobs/sha256/%s", digest_hex(hex, &d));
	CHECK_INT(file_replace(t.store.oci_fd, path, "hellO", 5, 0644), 0);
	CHECK_INT(blob_read(&t.store, &d, 100, &b, &e), -EBADMSG);
	CHECK_INT(b.len, 0);
	tmpstore_close(&t);
}

TEST(parts_resume)
{
	struct tmpstore t = tmpstore_open();
	struct blob_want w = want_of("hello, world");
	struct blob_writer *bw = NULL;
	struct err e = { 0 };
	uint64_t at = 99;

	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK_INT(at, 0);
	CHECK_INT(blob_add(bw, "hello,", 6, &e), 0);
	blob_leave(bw);
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK_INT(at, 6);
	CHECK_INT(blob_add(bw, " world", 6, &e), 0);
	CHECK_INT(blob_add(bw, "!", 1, &e), -EFBIG);
	CHECK_INT(blob_commit(bw, true, &e), 0);
	CHECK(blob_has_size(&t.store, &w.digest, 12));
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK(bw == NULL);
	tmpstore_close(&t);
}

TEST(wrong_bytes_and_short_ones)
{
	struct tmpstore t = tmpstore_open();
	struct blob_want w = want_of("right");
	struct blob_writer *bw = NULL;
	struct err e = { 0 };
	uint64_t at;

	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK_INT(blob_add(bw, "wrong", 5, &e), 0);
	CHECK_INT(blob_commit(bw, false, &e), -EBADMSG);
	CHECK(strstr(e.text, "digest mismatch") != NULL);
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK_INT(at, 0); /* the wrong part is gone */
	CHECK_INT(blob_add(bw, "ri", 2, &e), 0);
	CHECK_INT(blob_commit(bw, false, &e), -ENODATA);
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK_INT(at, 2);
	CHECK_INT(blob_restart(bw, &e), 0);
	CHECK_INT(blob_add(bw, "right", 5, &e), 0);
	CHECK_INT(blob_commit(bw, false, &e), 0);
	CHECK(!blob_has_size(&t.store, &w.digest, 4));
	tmpstore_close(&t);
}

/* Another process holds the part: no waiting gives EWOULDBLOCK; waiting gives the blob.
 */
TEST(one_download_for_two)
{
	struct tmpstore t = tmpstore_open();
	struct blob_want w = want_of("shared");
	struct blob_writer *bw = NULL;
	struct err e = { 0 };
	uint64_t at;
	int ready[2], go[2];
	char c;

	CHECK_INT(pipe(ready) | pipe(go), 0);
	pid_t pid = fork();
	if (pid == 0) {
		bool ok = blob_write(&t.store, &w, &bw, &at, &e) == 0 && bw &&
			  write(ready[1], "r", 1) == 1 && read(go[0], &c, 1) == 1;
		usleep(20000);
		ok = ok && blob_add(bw, "shared", 6, &e) == 0 &&
		     blob_commit(bw, false, &e) == 0;
		_exit(ok ? 0 : 1);
	}
	CHECK_INT(read(ready[0], &c, 1), 1);
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), -EWOULDBLOCK);
	CHECK_INT(write(go[1], "g", 1), 1);
	w.wait = true;
	CHECK_INT(blob_write(&t.store, &w, &bw, &at, &e), 0);
	CHECK(bw == NULL);
	int status = -1;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(go[i]);
	}
	tmpstore_close(&t);
}
