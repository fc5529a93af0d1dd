/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's face towards those that register containers. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/net/control.h"
#include "core/net/stack.h"

#define STACK_ANSWER_MS 10000
#define STACK_LEAVE_MS  5000

/* What the stack says to what was sent. */
static int stack_hear(int sock, struct err *e)
{
	struct timeval wait = { .tv_sec = STACK_ANSWER_MS / 1000 };
	uint8_t data[CONTROL_MESSAGE_MAX];
	size_t nfds = 0;
	struct control c;
	ssize_t n;
	int rc;

	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	n = fd_recv(sock, data, sizeof(data), NULL, &nfds);
	/* Told before what it said: it has hung up with messages of ours unread. */
	if (n == -ECONNRESET)
		n = fd_recv(sock, data, sizeof(data), NULL, &nfds);
	if (n <= 0)
		return err_code(e, n ? (int)n : -EPIPE,
				"register with the network stack");
	rc = control_parse(data, (size_t)n, &c);
	if (!rc && c.type != CONTROL_ANSWER)
		rc = -EPROTO;
	if (rc)
		return err_code(e, rc, "register with the network stack");
	if (c.code)
		rc = err_code(e, c.code, "register with the network stack: %s", c.text);
	control_done(&c);
	return rc;
}

/* sent: what became of the sending. Who refuses says why before it hangs up. */
static int stack_end(int sock, int sent, struct err *e)
{
	if (sent && sent != -EPIPE && sent != -ECONNRESET)
		return err_code(e, sent, "register with the network stack");
	return stack_hear(sock, e);
}

int stack_register(int sock, const struct stack_registration *r, struct err *e)
{
	return stack_end(sock, control_send(sock, r), e);
}

/* It reads our end, evicts, and hangs up. */
void stack_unregister(int sock)
{
	struct pollfd p = { .fd = sock };
	int64_t now = time_monotonic(), end = now + STACK_LEAVE_MS * 1000000ll;

	if (shutdown(sock, SHUT_WR) < 0)
		return;
	for (; now < end; now = time_monotonic())
		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) >= 0 || errno != EINTR)
			return;
}

int stack_amend(int sock, const char *id, const struct stack_amendment *a, struct err *e)
{
	return stack_end(sock, control_send_amend(sock, id, a), e);
}
