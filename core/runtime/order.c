/* SPDX-License-Identifier: Apache-2.0 */
/* Between a supervisor and its pump. */
#include "core/runtime/order.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/fd.h"

static int give(int sock, struct order o)
{
	return send(sock, &o, sizeof(o), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Between processes of one executable. */
struct order_start {
	int kind;
	bool client, terminal; /* a descriptor of each follows, in this order */
	struct client first;   /* but for fd and out */
};

int order_guard(int sock, int process)
{
	struct order_start s = { .kind = ORDER_GUARD };

	return fd_send(sock, &s, sizeof(s), &process, 1);
}

int order_begin(int sock, const struct client *first, int master)
{
	struct order_start s = { .kind = ORDER_BEGIN };
	int fds[2];
	size_t n = 0;

	if (first) {
		s.client = true;
		s.first = *first;
		s.first.out = (struct buf){ 0 };
		fds[n++] = first->fd;
	}
	if (master >= 0) {
		s.terminal = true;
		fds[n++] = master;
	}
	return fd_send(sock, &s, sizeof(s), fds, n);
}

static int order_next(int sock, int kind, struct order_start *s, int fds[2])
{
	size_t want, n = 2;
	ssize_t r;

	do {
		n = 2;
		r = fd_recv(sock, s, sizeof(*s), fds, &n);
	} while (r == -EINTR);
	if (r != (ssize_t)sizeof(*s) || s->kind != kind)
		return -EPIPE;
	want = kind == ORDER_GUARD ? 1 : (size_t)s->client + (size_t)s->terminal;
	return n == want ? 0 : -EPIPE;
}

int order_await(int sock, struct client *first, int *ret_process, int *ret_master)
{
	struct order_start s;
	int fds[2];
	int r = order_next(sock, ORDER_GUARD, &s, fds);

	*ret_process = r < 0 ? -1 : fds[0];
	*ret_master = -1;
	if (r == 0)
		r = order_next(sock, ORDER_BEGIN, &s, fds);
	if (r < 0)
		return r;
	*first = s.first;
	first->fd = s.client ? fds[0] : -1;
	if (s.terminal)
		*ret_master = fds[s.client];
	return 0;
}

/* And waits for the answer. */
static int await_drained(int sock, struct order o)
{
	int r = give(sock, o);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = recv(sock, &o, sizeof(o), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(o) && o.kind == ORDER_DRAINED ? 0 : -EPIPE;
}

int order_drain(int sock)
{
	return await_drained(sock, (struct order){ .kind = ORDER_DRAIN });
}

int order_rest(int sock)
{
	return await_drained(sock, (struct order){ .kind = ORDER_REST });
}

int order_tell(int sock, int exit_code)
{
	return give(sock, (struct order){ .kind = ORDER_TELL, .exit_code = exit_code });
}

int order_ended(int sock, int exit_code)
{
	return give(sock, (struct order){ .kind = ORDER_ENDED, .exit_code = exit_code });
}

int order_again(int sock, int process, int master)
{
	struct order o = { .kind = ORDER_AGAIN };
	const int fds[] = { process, master };

	return fd_send(sock, &o, sizeof(o), fds, master < 0 ? 1 : 2);
}

int order_receive(int sock, struct order *ret)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	int fds[2];
	size_t got = 2;

	if (poll(&p, 1, 0) == 0)
		return 0;
	ssize_t n = fd_recv(sock, ret, sizeof(*ret), fds, &got);
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	ret->process = n > 0 && got > 0 ? fds[0] : -1;
	ret->master = n > 0 && got > 1 ? fds[1] : -1;
	return n == (ssize_t)sizeof(*ret) ? 1 : -EPIPE;
}

void order_answer(int sock)
{
	/* A supervisor that has died is noticed by its socket's end. */
	give(sock, (struct order){ .kind = ORDER_DRAINED });
}
