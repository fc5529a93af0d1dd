/* SPDX-License-Identifier: Apache-2.0 */
/* Between a supervisor and its pump. */
#include "core/runtime/order.h"

#include <errno.h>
#include <sys/socket.h>

static int give(int sock, struct order o)
{
	return send(sock, &o, sizeof(o), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int order_drain(int sock)
{
	struct order o = { .kind = ORDER_DRAIN };
	int r = give(sock, o);
	ssize_t n;

	if (r < 0)
		return r;
	do
		n = recv(sock, &o, sizeof(o), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(o) && o.kind == ORDER_DRAINED ? 0 : -EPIPE;
}

int order_tell(int sock, int exit_code)
{
	return give(sock, (struct order){ .kind = ORDER_TELL, .exit_code = exit_code });
}

int order_receive(int sock, struct order *ret)
{
	ssize_t n = recv(sock, ret, sizeof(*ret), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n == (ssize_t)sizeof(*ret) ? 1 : -EPIPE;
}

void order_answer(int sock)
{
	/* A supervisor that has died is noticed by its socket's end. */
	give(sock, (struct order){ .kind = ORDER_DRAINED });
}
