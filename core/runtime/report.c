/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a start to its monitor. */
#include "core/runtime/report.h"

#include <errno.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/str.h"

int report_send(int sock, const struct report *r, int fd)
{
	/* Only the text in use travels: init's stack is small and pages cost. */
	size_t n = offsetof(struct report, e.text) + strlen(r->e.text) + 1;

	return fd_send(sock, r, n, &fd, fd >= 0 ? 1 : 0);
}

void report_error(int sock, int exit_code, const struct err *e)
{
	struct report r = { .kind = REPORT_ERROR, .exit_code = exit_code, .e = *e };

	/* Nobody is left to be told about a failure of this. */
	report_send(sock, &r, -1);
}

int report_receive(int sock, struct report *ret, int *ret_fd)
{
	struct report r = { 0 };
	int fd = -1;
	size_t nfds = 1;
	ssize_t n = fd_recv(sock, &r, sizeof(r), &fd, &nfds);

	if (n <= 0)
		return (int)n;
	if (nfds == 0)
		fd = -1;
	if ((size_t)n <= offsetof(struct report, e.text)) {
		fd_close(fd);
		return -EPROTO;
	}
	r.e.text[ERR_TEXT_MAX - 1] = 0;
	*ret = r;
	*ret_fd = fd;
	return 1;
}
