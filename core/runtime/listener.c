/* SPDX-License-Identifier: Apache-2.0 */
/* The agent of a seccomp filter. */
#include "core/runtime/listener.h"

#include <errno.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#define GO 'g'

void listener_done(struct listener *l)
{
	fd_close(l->agent);
	free(l->text);
	*l = (struct listener){ .agent = -1 };
}

int listener_go(int sync, const struct listener *l)
{
	autobuf text = { .max = LISTENER_TEXT_MAX };

	if (!l || l->agent < 0)
		return fd_write_all(sync, &(char){ GO }, 1);
	if (buf_addc(&text, GO) < 0 || buf_adds(&text, l->text) < 0)
		return -E2BIG;
	return fd_send(sync, text.data, text.len, &l->agent, 1);
}

int listener_await(int sync, struct listener *ret)
{
	autofree char *text = mem_alloc(LISTENER_TEXT_MAX + 1);
	int agent = -1;
	size_t fds = 1;
	ssize_t n = fd_recv(sync, text, LISTENER_TEXT_MAX, &agent, &fds);

	if (n <= 0)
		return (int)n;
	text[n] = 0;
	ret->agent = fds ? agent : -1;
	ret->text = fds ? str_dup(text + 1) : NULL;
	return 1;
}

int listener_send(const struct listener *l, int fd, struct err *e)
{
	int r = fd_send(l->agent, l->text, strlen(l->text), &fd, 1);

	return r < 0 ? err_code(e, r, "hand over to the seccomp agent") : 0;
}
