/* SPDX-License-Identifier: Apache-2.0 */
/* Containers from the start to the end, on real kernels' parts. */
#include "tests/unit/runtime/box.h"

TEST(hello)
{
	struct box b;
	struct state s;

	if (!box_host())
		return;
	box_open(&b, "echo hello , warn oops , exit 7");
	box_run(&b);
	CHECK_STR(b.error, "");
	CHECK_STR(buf_str(&b.out), "hello\n");
	CHECK_STR(buf_str(&b.err), "oops\n");
	CHECK_INT(b.code, 7);
	CHECK_INT(b.status, STATE_RUNNING);
	CHECK_INT(state_read(b.dirfd, &s, NULL), 0);
	CHECK_INT(s.status, STATE_EXITED);
	CHECK_INT(s.exit_code, 7);
	CHECK(s.started > 0 && s.finished >= s.started);
	CHECK_INT(s.pid, 0);
	box_close(&b);
}
