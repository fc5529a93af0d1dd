/* SPDX-License-Identifier: Apache-2.0 */
/* The stack's face towards those that register containers. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/net/control.h"
#include "core/net/stack.h"

#define STACK_ANSWER_MS 10000

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

int stack_register(int sock, const struct stack_registration *r, struct err *e)
{
	int rc = control_send(sock, r);

	return rc ? err_code(e, rc, "register with the network stack")
		  : stack_hear(sock, e);
}

int stack_amend(int sock, const char *id, const struct stack_amendment *a, struct err *e)
{
	int rc = control_send_amend(sock, id, a);

	return rc ? err_code(e, rc, "register with the network stack")
		  : stack_hear(sock, e);
}
