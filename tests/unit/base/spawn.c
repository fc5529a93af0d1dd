/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static int sh(const char *script, const char *input, struct buf *out, struct buf *errout,
	      struct err *e)
{
	char *argv[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			 (char *)(uintptr_t)script, NULL };

	return spawn_run(argv, input, out, errout, 20000, e);
}

TEST(output_and_status)
{
	autobuf out = { 0 }, errout = { 0 };
	struct err e = { 0 };

	CHECK_INT(sh("cat; echo oops >&2; exit 3", "some input", &out, &errout, &e), 3);
	CHECK_STR(buf_str(&out), "some input");
	CHECK_STR(buf_str(&errout), "oops\n");
	CHECK_INT(sh("kill -TERM $$", NULL, NULL, NULL, &e), 128 + 15);
	CHECK_INT(sh("echo discarded; test -z \"$(cat)\"", NULL, NULL, NULL, &e), 0);
	buf_reset(&out);
	CHECK_INT(sh("head -c 300000 /dev/zero | tr '\\0' x", NULL, &out, NULL, &e), 0);
	CHECK_INT(out.len, 300000);
	CHECK_STR(e.text, "");
}

TEST(large_input)
{
	autofree char *text = mem_alloc(200001);
	autobuf out = { 0 };
	struct err e = { 0 };

	memset(text, 'y', 200000);
	CHECK_INT(sh("wc -c", text, &out, NULL, &e), 0);
	CHECK(strstr(buf_str(&out), "200000") != NULL);
}

TEST(failures)
{
	char *none[] = { (char *)(uintptr_t) "rootless-no-such-program", NULL };
	char *folder[] = { (char *)(uintptr_t) "/usr/bin", NULL };
	autobuf small = { .max = 100 };
	struct err e = { 0 };

	CHECK_INT(spawn_run(none, NULL, NULL, NULL, 0, &e), -ENOENT);
	CHECK_STR(e.text, "run 'rootless-no-such-program': no such program");
	CHECK_INT(spawn_run(folder, NULL, NULL, NULL, 0, &e), -ENOENT);
	CHECK_INT(sh("while :; do echo more; done", NULL, &small, NULL, &e), -E2BIG);
	CHECK_STR(e.text, "run 'sh': it prints too much");
	CHECK(small.len <= 100);
}

/* Found and executable, but nothing the kernel can run: the child tells the errno. */
TEST(failing_exec)
{
	char name[] = "/tmp/rootless-spawn-XXXXXX";
	char *argv[] = { name, NULL };
	struct err e = { 0 };
	int fd = mkostemp(name, O_CLOEXEC);

	CHECK_INT(fd_write_all(fd, "\1\2\3", 3), 0);
	CHECK_INT(fchmod(fd, 0700), 0);
	fd_close(fd);
	CHECK_INT(spawn_run(argv, NULL, NULL, NULL, 0, &e), -ENOEXEC);
	unlink(name);
}

TEST(timeouts)
{
	char *sleeper[] = { (char *)(uintptr_t) "sleep", (char *)(uintptr_t) "1000",
			    NULL };
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(spawn_run(sleeper, NULL, NULL, NULL, 30, &e), -ETIMEDOUT);
	CHECK_STR(e.text, "run 'sleep': not done after 30 ms");
	CHECK_INT(spawn_run(sleeper, NULL, &out, NULL, 30, &e), -ETIMEDOUT);
}

/* A grandchild that keeps the pipe open does not keep us. */
TEST(grandchildren_are_not_waited_for)
{
	autobuf out = { 0 };
	struct err e = { 0 };

	CHECK_INT(sh("sleep 1000 & echo $!", NULL, &out, NULL, &e), 0);
	if (out.len) {
		uint64_t pid = 0;

		out.data[out.len - 1] = 0;
		CHECK_INT(str_u64(out.data, INT32_MAX, &pid), 0);
		CHECK_INT(kill((pid_t)pid, 9), 0);
	}
}

TEST(nothing_is_inherited)
{
	autobuf out = { 0 };
	struct err e = { 0 };
	int leak = dup2(1, 77);

	CHECK_INT(leak, 77);
	CHECK_INT(sh("test ! -e /proc/self/fd/77", NULL, &out, NULL, &e), 0);
	close(77);
}

TEST(finding)
{
	autofree char *shell = spawn_find("sh");
	autofree char *absolute = spawn_find("/bin/sh");
	autofree char *none = spawn_find("rootless-no-such-program");
	autofree char *poor = NULL;

	CHECK(shell && path_is_abs(shell));
	CHECK_STR(absolute, "/bin/sh");
	CHECK(!none);
	setenv("PATH", ":.:relative", 1);
	poor = spawn_find("sh");
	CHECK(poor && path_is_abs(poor));
}
