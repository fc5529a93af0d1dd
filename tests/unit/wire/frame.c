/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/frame.h"

#include <errno.h>

#include "core/base/mem.h"
#include "tests/unit/test.h"

TEST(header_is_dockers)
{
	uint8_t h[FRAME_HEADER];

	frame_header(h, FRAME_STDERR, 0x01020304);
	CHECK(memcmp(h, "\2\0\0\0\1\2\3\4", 8) == 0);
}

TEST(round_trip_at_every_cut)
{
	autobuf b = { 0 };
	struct frame f = { 0 };
	size_t used = 99;

	CHECK_INT(frame_add(&b, FRAME_STDOUT, "hello", 5), 0);
	CHECK_INT(frame_add(&b, FRAME_EXIT, "\0\0\0\7", 4), 0);
	for (size_t n = 0; n < FRAME_HEADER + 5; n++)
		CHECK_INT(frame_parse((uint8_t *)b.data, n, &f, &used), 0);
	CHECK_INT(used, 99);
	CHECK_INT(frame_parse((uint8_t *)b.data, b.len, &f, &used), 1);
	CHECK_INT(used, 13);
	CHECK_INT(f.stream, FRAME_STDOUT);
	CHECK_INT(f.size, 5);
	CHECK(memcmp(f.payload, "hello", 5) == 0);
	buf_consume(&b, used);
	CHECK_INT(frame_parse((uint8_t *)b.data, b.len, &f, &used), 1);
	CHECK_INT(f.stream, FRAME_EXIT);
	CHECK_INT(used, b.len);
}

TEST(empty_payload)
{
	autobuf b = { 0 };
	struct frame f;
	size_t used;

	CHECK_INT(frame_add(&b, FRAME_STDIN, NULL, 0), 0);
	CHECK_INT(frame_parse((uint8_t *)b.data, b.len, &f, &used), 1);
	CHECK_INT(f.size, 0);
	CHECK_INT(used, FRAME_HEADER);
}

TEST(every_stream_is_read)
{
	static const enum frame_stream all[] = {
		FRAME_STDIN, FRAME_STDOUT, FRAME_STDERR, FRAME_RESIZE, FRAME_EXIT,
		FRAME_START, FRAME_ERROR,  FRAME_STATUS, FRAME_ATTACH
	};
	struct frame f;
	size_t used;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		autobuf b = { 0 };

		CHECK_INT(frame_add(&b, all[i], "x", 1), 0);
		CHECK_INT(frame_parse((uint8_t *)b.data, b.len, &f, &used), 1);
		CHECK_INT(f.stream, all[i]);
	}
}

TEST(refusals)
{
	static const uint8_t stream3[] = { 3 }, stream22[] = { 22 },
			     stream255[] = { 255 };
	static const uint8_t pad[] = { 1, 0, 1, 0, 0, 0, 0, 0 };
	static const uint8_t most[] = { 1, 0, 0, 0, 0, 0x10, 0, 0 };
	static const uint8_t big[] = { 1, 0, 0, 0, 0, 0x10, 0, 1 };
	static const uint8_t huge[] = { 1, 0, 0, 0, 255, 255, 255, 255 };
	autobuf b = { 0 };
	struct frame f;
	size_t used;

	CHECK_INT(frame_parse(stream3, 1, &f, &used), -EINVAL);
	CHECK_INT(frame_parse(stream22, 1, &f, &used), -EINVAL);
	CHECK_INT(frame_parse(stream255, 1, &f, &used), -EINVAL);
	CHECK_INT(frame_parse(pad, 8, &f, &used), -EINVAL);
	CHECK_INT(frame_parse(most, 8, &f, &used), 0);
	CHECK_INT(frame_parse(big, 8, &f, &used), -EINVAL);
	CHECK_INT(frame_parse(huge, 8, &f, &used), -EINVAL);
	CHECK_INT(frame_add(&b, FRAME_STDOUT, "", (size_t)FRAME_MAX + 1), -E2BIG);
	CHECK_INT(b.len, 0);
	b.max = 10;
	CHECK_INT(frame_add(&b, FRAME_STDOUT, "abc", 3), -E2BIG);
	CHECK_INT(b.len, 0);
}
