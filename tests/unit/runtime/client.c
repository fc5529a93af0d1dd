/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "tests/unit/test.h"

static void feed(struct client *c, int peer, const void *p, size_t n)
{
	CHECK_INT(fd_write_all(peer, p, n), 0);
	CHECK(client_fill(c) > 0);
}

static void pair(struct client *c, int *peer)
{
	int fds[2];

	CHECK_INT(fd_socketpair(SOCK_STREAM, fds), 0);
	client_init(c, fds[0], false);
	*peer = fds[1];
}

TEST(frames_in_pieces)
{
	struct client_input x = { 0 };
	struct client c;
	int peer;

	pair(&c, &peer);
	feed(&c, peer, "\25\0\0\0", 4);
	CHECK_INT(client_next(&c, &x), CLIENT_NONE);
	feed(&c, peer, "\0\0\0\1\5\20\0\0\0\0\0\0\4\0\50\0", 16);
	CHECK_INT(client_next(&c, &x), CLIENT_WANT);
	CHECK_INT(c.want, 5);
	CHECK_INT(client_next(&c, &x), CLIENT_NONE);
	feed(&c, peer, "\144", 1);
	CHECK_INT(client_next(&c, &x), CLIENT_RESIZE);
	CHECK_INT(x.rows, 40);
	CHECK_INT(x.cols, 100);
	/* Input is given as it comes, and as far as it was eaten. */
	feed(&c, peer, "\0\0\0\0\0\0\0\6abc", 11);
	CHECK_INT(client_next(&c, &x), CLIENT_INPUT);
	CHECK_INT(x.n, 3);
	client_eat(&c, 2);
	feed(&c, peer, "def\22\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19);
	CHECK_INT(client_next(&c, &x), CLIENT_INPUT);
	CHECK_INT(x.n, 4);
	CHECK(memcmp(x.p, "cdef", 4) == 0);
	client_eat(&c, 4);
	CHECK_INT(client_next(&c, &x), CLIENT_START);
	CHECK_INT(client_next(&c, &x), CLIENT_EOF);
	CHECK_INT(client_next(&c, &x), CLIENT_NONE);
	CHECK_INT(client_fill(&c), -EAGAIN);
	fd_close(peer);
	CHECK_INT(client_fill(&c), 0);
	CHECK(c.ended);
	client_done(&c);
}

static void bad(const void *p, size_t n)
{
	struct client_input x;
	struct client c;
	int peer;

	pair(&c, &peer);
	feed(&c, peer, p, n);
	CHECK_INT(client_next(&c, &x), CLIENT_BAD);
	fd_close(peer);
	client_done(&c);
}

TEST(bad_frames)
{
	bad("\1\0\0\0\0\0\0\1x", 9);     /* output, from a client */
	bad("\77\0\0\0\0\0\0\0", 8);     /* unknown */
	bad("\0\0\0\0\377\0\0\0", 8);    /* larger than any frame */
	bad("\20\0\0\0\0\0\0\3abc", 11); /* a resize of three bytes */
	bad("\22\0\0\0\0\1\0\0", 8);     /* a start with baggage */
}

TEST(output_is_kept)
{
	enum { CHUNK = 16384 };
	autofree char *data = mem_alloc(CHUNK), *back = mem_alloc(CHUNK + FRAME_HEADER);
	struct client c;
	size_t sent = 0;
	int peer;

	pair(&c, &peer);
	memset(data, 'd', CHUNK);
	while (c.out.len == 0 && sent < 1000) {
		CHECK_INT(client_send(&c, FRAME_STDOUT, data, CHUNK), 0);
		sent++;
	}
	CHECK(c.out.len > 0 && c.out.len <= CHUNK + FRAME_HEADER);
	CHECK_INT(client_flush(&c), 0);
	for (size_t i = 0; i < sent; i++) {
		struct frame f;
		size_t used;

		if (c.out.len > 0)
			client_flush(&c);
		CHECK_INT(fd_read_full(peer, back, CHUNK + FRAME_HEADER),
			  CHUNK + FRAME_HEADER);
		CHECK_INT(frame_parse((uint8_t *)back, CHUNK + FRAME_HEADER, &f, &used),
			  1);
		CHECK_INT(f.stream, FRAME_STDOUT);
		CHECK_INT(f.size, CHUNK);
	}
	CHECK_INT(c.out.len, 0);
	fd_close(peer);
	CHECK(client_send(&c, FRAME_STDOUT, data, 1) < 0);
	client_done(&c);
}
