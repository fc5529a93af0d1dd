/* SPDX-License-Identifier: Apache-2.0 */
/* The gate. */
#include "core/runtime/gate.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/runtime/report.h"

#define GATE_SOCKET "start.sock"
#define GATE_GO     'g'

int gate_make(int dirfd, struct err *e)
{
	int fd = fd_unix_listen(dirfd, GATE_SOCKET, SOCK_SEQPACKET);

	return fd < 0 ? err_code(e, fd, "listen for the container's start") : fd;
}

int gate_await(int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		char go = 0;

		if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
			return -errno;
		/* Whoever goes away without the word has not started anything. */
		if (fd >= 0 && fd_read(fd, &go, 1) == 1 && go == GATE_GO)
			return fd;
		fd_close(fd);
	}
}

int gate_open(int dirfd, struct err *e)
{
	autoclose int fd = fd_unix_connect(dirfd, GATE_SOCKET, SOCK_SEQPACKET);
	struct report r;
	int other, n;

	if (fd < 0)
		return err_code(e, fd, "reach the container's first process");
	n = fd_write_all(fd, &(char){ GATE_GO }, 1);
	if (n < 0)
		return err_code(e, n, "let the payload go");
	n = report_receive(fd, &r, &other);
	if (n < 0)
		return err_code(e, n, "hear from the container's first process");
	if (n == 0)
		return 0;
	fd_close(other);
	if (e)
		*e = r.e;
	return r.e.code < 0 ? r.e.code : -EIO;
}

int gate_await_end(int dirfd, int timeout_ms)
{
	autoclose int fd = fd_unix_connect(dirfd, GATE_SOCKET, SOCK_SEQPACKET);
	struct pollfd p = { .fd = fd };

	if (fd < 0)
		return fd == -ECONNREFUSED || fd == -ENOENT ? 0 : fd;
	/* In the queue of a listener that nobody serves: hung up on with its end. */
	return poll(&p, 1, timeout_ms) == 0 ? -EBUSY : 0;
}
