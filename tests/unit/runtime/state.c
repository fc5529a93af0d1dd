/* SPDX-License-Identifier: Apache-2.0 */
/* state.json and setup.json: what is written is read. */
#include "core/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/ns/pidfd.h"
#include "core/runtime/setup.h"
#include "tests/unit/test.h"

static int folder(void)
{
	char dir[] = "/tmp/rootless-state.XXXXXX";
	int fd;

	CHECK(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rmdir(dir);
	return fd;
}

static int made(char dir[])
{
	CHECK(mkdtemp(dir) != NULL);
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TEST(names)
{
	for (int i = STATE_CREATED; i <= STATE_DEAD; i++)
		CHECK_INT(state_parse_name(state_name((enum state_status)i)), i);
	CHECK_INT(state_parse_name("exhausted"), -EINVAL);
}

TEST(round_trip)
{
	char dir[] = "/tmp/rootless-state.XXXXXX";
	autoclose int fd = made(dir);
	struct state a = { .status = STATE_EXITED,
			   .pid = 7,
			   .pid_start = 1ull << 40,
			   .exit_code = 137,
			   .oom_killed = true,
			   .started = 5,
			   .finished = INT64_MAX,
			   .restart_count = 3,
			   .boot_id = "abc",
			   .error = "it \"failed\"" },
		     b;
	struct err e = { 0 };

	CHECK_INT(state_read(fd, &b, &e), -ENOENT);
	CHECK_INT(b.status, STATE_CREATED);
	for (int i = 0; i < 3; i++) {
		a.exit_code = i;
		CHECK_INT(state_write(fd, &a, &e), 0);
		CHECK_INT(state_read(fd, &b, &e), 0);
		CHECK_INT(b.exit_code, i);
	}
	CHECK_INT(state_sync(fd), 0);
	CHECK(b.status == a.status && b.pid == 7 && b.pid_start == a.pid_start);
	CHECK(b.oom_killed && b.finished == INT64_MAX && b.restart_count == 3);
	CHECK_STR(b.boot_id, "abc");
	CHECK_STR(b.error, a.error);
	/* Emptied by a power cut: as if it had never run; damaged: an error. */
	CHECK_INT(file_replace_nosync(fd, "state.json", "", 0, 0600), 0);
	CHECK_INT(state_read(fd, &b, &e), -ENOENT);
	CHECK_INT(file_replace_nosync(fd, "state.json", "{\"status\":\"x\"}", 14, 0600),
		  0);
	CHECK_INT(state_read(fd, &b, &e), -EINVAL);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir), 0);
}

TEST(identity)
{
	struct state s = { .status = STATE_RUNNING, .pid = getpid() };
	int fd;

	CHECK_INT(state_boot_id(s.boot_id), 0);
	CHECK_INT(pidfd_start_time(getpid(), &s.pid_start), 0);
	fd = state_open_init(&s);
	CHECK(fd >= 0);
	fd_close(fd);
	s.pid_start++;
	CHECK_INT(state_open_init(&s), -ESRCH);
	s.pid_start--;
	s.boot_id[0] ^= 1;
	CHECK_INT(state_open_init(&s), -ESRCH);
	s.pid = 0;
	CHECK_INT(state_open_init(&s), -ESRCH);
}

TEST(write_fails)
{
	autoclose int gone = folder();
	struct state s = { .status = STATE_EXITED };
	struct err e = { 0 };

	CHECK_INT(state_write(gone, &s, &e), -ENOENT);
	CHECK_STR(e.text, "write 'state.json': No such file or directory");
}

TEST(published)
{
	char dir[] = "/tmp/rootless-state.XXXXXX";
	autoclose int fd = made(dir);
	autoclose int seen = state_prepare(fd, NULL);
	struct state a = { .status = STATE_CREATED, .pid = 7, .boot_id = "abc" }, b;
	struct err e = { 0 };

	CHECK(seen >= 0);
	CHECK(!state_published(seen));
	CHECK_INT(state_prepare(fd, &e), -EEXIST);
	CHECK_INT(state_read(fd, &b, &e), -ENOENT);
	CHECK_INT(state_publish(fd, &a, &e), 0);
	CHECK(state_published(seen));
	CHECK_INT(state_read(fd, &b, &e), 0);
	CHECK_INT(b.pid, 7);
	/* There can be but one that was the first. */
	CHECK_INT(state_publish(fd, &a, &e), -EEXIST);
	a.status = STATE_RUNNING;
	CHECK_INT(state_write(fd, &a, &e), 0);
	CHECK_INT(state_read(fd, &b, &e), 0);
	CHECK_INT(b.status, STATE_RUNNING);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir), 0);
}

TEST(setup_round_trip)
{
	char dir[] = "/tmp/rootless-state.XXXXXX";
	autoclose int fd = made(dir);
	struct setup a = { .new_keyring = true,
			   .terminal = true,
			   .host_devices = true,
			   .log_max_size = UINT64_MAX,
			   .log_max_files = 3,
			   .stop_signal = 15 },
		     b = { 0 };
	struct err e = { 0 };
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *net = yyjson_mut_obj(doc);

	a.id = str_dup("abc");
	a.upper = str_dup("/u p");
	strv_add(&a.layers, "/l1");
	strv_add(&a.layers, "/l2");
	yyjson_mut_obj_add_int(doc, net, "k", 5);
	CHECK_INT(setup_write(fd, &a, net, &e), 0);
	CHECK_INT(setup_read(fd, &b, &e), 0);
	CHECK_STR(b.id, "abc");
	CHECK_STR(b.upper, "/u p");
	CHECK(b.work == NULL && b.seccomp == NULL);
	CHECK(b.new_keyring && b.terminal && b.host_devices && !b.init && !b.auto_remove);
	CHECK(b.log_max_size == UINT64_MAX && b.log_max_files == 3 &&
	      b.stop_signal == 15);
	CHECK_INT(b.layers.len, 2);
	CHECK_INT(yyjson_get_int(yyjson_obj_get(b.network, "k")), 5);
	setup_done(&a);
	setup_done(&b);
	yyjson_mut_doc_free(doc);
	CHECK_INT(file_replace_nosync(fd, "setup.json", "{\"id\":5}", 8, 0600), 0);
	CHECK_INT(setup_read(fd, &b, &e), -EINVAL);
	CHECK_INT(file_remove_tree(AT_FDCWD, dir), 0);
}
