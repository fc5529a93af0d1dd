/* SPDX-License-Identifier: Apache-2.0 */
#include "core/engine/framesock.h"

#include <errno.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(frames_one_by_one)
{
	autodone(framesock_done) struct framesock f = { 0 };
	static const uint8_t failure[] = { 0xff, 0xff, 0xff, 0xfe, 'n', 'o' };
	struct frame frame;
	struct err e = { 0 };
	autobuf out = { 0 };
	int pair[2];

	CHECK_INT(fd_socketpair(SOCK_STREAM, pair), 0);
	f.fd = pair[0];
	frame_add(&out, FRAME_STDOUT, "abc", 3);
	frame_add(&out, FRAME_ERROR, failure, sizeof(failure));
	CHECK_INT(fd_write_all(pair[1], out.data, out.len), 0);
	fd_close(pair[1]);
	CHECK_INT(framesock_next(&f, &frame), 1);
	CHECK_INT(frame.stream, FRAME_STDOUT);
	CHECK_INT(frame.size, 3);
	CHECK_INT(framesock_next(&f, &frame), 1);
	CHECK_INT(framesock_error(&frame, &e), -ENOENT);
	CHECK_STR(e.text, "no");
	CHECK_INT(framesock_next(&f, &frame), 0);
	fd_close(pair[0]);
}

TEST(wait_for_the_end)
{
	static const uint8_t code[] = { 0, 0, 0, 37 };
	autobuf out = { 0 };
	int pair[2], got = -1;

	CHECK_INT(fd_socketpair(SOCK_STREAM, pair), 0);
	frame_add(&out, FRAME_STDERR, "x", 1);
	frame_add(&out, FRAME_EXIT, code, sizeof(code));
	CHECK_INT(fd_write_all(pair[1], out.data, out.len), 0);
	CHECK(framesock_wait_exit(pair[0], &got));
	CHECK_INT(got, 37);
	fd_close(pair[1]);
	CHECK(!framesock_wait_exit(pair[0], &got));
	fd_close(pair[0]);
}
