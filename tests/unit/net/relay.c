/* SPDX-License-Identifier: Apache-2.0 */
#include "core/net/relay.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "tests/unit/net/line.h"
#include "tests/unit/test.h"

#define BYTES (512u << 10)

/* A flow between two connections of this host, and their far ends. */
struct line {
	struct relay relay;
	struct flow flow;
	int far[2];
	size_t sent, got; /* from the host's side to the realm's */
	bool wrong;
};

static struct line *line_open(size_t pipes)
{
	struct line *l = mem_new(struct line);

	l->relay.limit = pipes;
	l->flow.state = FLOW_OPEN;
	for (int side = 0; side < 2; side++) {
		l->flow.pipe[side] = (struct flow_pipe){ .r = -1, .w = -1 };
		line_connect(&l->flow.fd[side], &l->far[side]);
	}
	return l;
}

static void line_close(struct line *l)
{
	relay_close(&l->relay, &l->flow, false);
	for (size_t i = 0; i < l->relay.idle_len; i++) {
		close(l->relay.idle[i].r);
		close(l->relay.idle[i].w);
	}
	fd_close(l->far[0]);
	fd_close(l->far[1]);
	free(l);
}

static uint8_t byte_at(size_t i)
{
	return (uint8_t)((i * 2654435761u) >> 13);
}

/* In pieces of that size, until the kernel takes no more. */
static void line_pour(struct line *l, size_t piece)
{
	uint8_t p[4096];

	for (;;) {
		size_t n = BYTES - l->sent < piece ? BYTES - l->sent : piece;
		ssize_t put;

		for (size_t i = 0; i < n; i++)
			p[i] = byte_at(l->sent + i);
		put = n ? send(l->far[FLOW_HOST], p, n, MSG_NOSIGNAL) : 0;
		if (put <= 0)
			return;
		l->sent += (size_t)put;
	}
}

/* The reader takes so much at once. */
static void line_read(struct line *l, size_t most)
{
	uint8_t p[65536];
	ssize_t n = recv(l->far[FLOW_REALM], p, most, 0);

	for (ssize_t i = 0; i < n; i++)
		l->wrong |= p[i] != byte_at(l->got + (size_t)i);
	l->got += n > 0 ? (size_t)n : 0;
}

static enum relay_result line_run(struct line *l)
{
	enum relay_result rc = RELAY_WAIT;

	l->flow.due = 1u << FLOW_HOST;
	do
		rc = relay_run(&l->relay, &l->flow, rc == RELAY_LATE);
	while (rc == RELAY_AGAIN || rc == RELAY_LATE);
	return rc;
}

/* A reader that is slow, or stands still at first: every byte comes, and with narrow
 * pipes alone none is held between. */
static void carry(size_t pipes, size_t piece, size_t read)
{
	struct line *l = line_open(pipes);
	int room = 65536, small = read < 4096 ? 8192 : room;

	setsockopt(l->flow.fd[FLOW_HOST], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(l->flow.fd[FLOW_REALM], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	setsockopt(l->far[FLOW_HOST], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(l->far[FLOW_REALM], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	for (int i = 0; i < 20; i++) {
		line_pour(l, piece);
		CHECK_INT(line_run(l), RELAY_WAIT);
	}
	CHECK(l->sent > 0 && l->sent < BYTES);
	CHECK(pipes || !l->relay.live);
	while (l->got < BYTES && !l->wrong) {
		line_pour(l, piece);
		if (line_run(l) != RELAY_WAIT || (!pipes && l->relay.live))
			break;
		line_read(l, read);
	}
	CHECK_INT(l->got, BYTES);
	CHECK(!l->wrong);
	shutdown(l->far[FLOW_HOST], SHUT_WR);
	shutdown(l->far[FLOW_REALM], SHUT_WR);
	for (int i = 0; i < 1000 && !l->flow.shut[FLOW_HOST]; i++) {
		CHECK_INT(line_run(l), RELAY_WAIT);
		usleep(1000);
	}
	l->flow.due = 1u << FLOW_REALM;
	/* An end is left until nothing else is to be done. */
	CHECK_INT(relay_run(&l->relay, &l->flow, false), RELAY_LATE);
	CHECK(!l->flow.shut[FLOW_REALM]);
	CHECK_INT(relay_run(&l->relay, &l->flow, true), RELAY_DONE);
	line_close(l);
}

TEST(pipes)
{
	carry(4, 4096, 65536);
	carry(4, 4096, 3000);
}

TEST(narrow_pipes)
{
	carry(0, 4096, 65536);
	carry(0, 4096, 3000);
}

TEST(narrow_pipes_and_small_pieces)
{
	carry(0, 1, 65536);
	carry(0, 7, 3000);
}

/* No descriptor at all is left for a pipe. */
TEST(reset_without_any_pipe)
{
	struct line *l = line_open(0);

	l->relay.live = 1000;
	line_pour(l, 4096);
	CHECK_INT(line_run(l), RELAY_RESET);
	l->relay.live = 0;
	line_close(l);
}
