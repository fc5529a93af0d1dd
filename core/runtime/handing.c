/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners handed to a monitor. */
#include "core/runtime/handing.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/time.h"
#include "core/runtime/bidding.h"

#define NAME     "hand.sock"
#define OFFER_MS 10000 /* for a monitor that is busy with its next run */
#define TAKE_S   2     /* for a command that has been stopped */

/* Waits for word, or the monitor's end. */
static int await(int fd, int monitor, int64_t end)
{
	for (;;) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = monitor } };
		int64_t left = (end - time_monotonic()) / 1000000;
		int n = left > 0 ? poll(p, 2, (int)left) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && p[0].revents)
			return 0;
		return -ENXIO;
	}
}

static int offer(int listener, int monitor, const int *fds, size_t n)
{
	int64_t end = time_monotonic() + OFFER_MS * 1000000ll;
	int32_t code = 0;
	int r = await(listener, monitor, end);

	if (r < 0)
		return r;
	autoclose int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return -errno;
	if ((r = fd_send(sock, "", 1, fds, n)) < 0 || (r = await(sock, monitor, end)) < 0)
		return r;
	return fd_read(sock, &code, sizeof(code)) == sizeof(code) ? code : -ENXIO;
}

int handing_offer(int container_dirfd, int socket_dirfd, const int *fds, size_t n,
		  struct err *e)
{
	int r;

	/* The lock is ours: what is there was left by a command that was killed. */
	unlinkat(socket_dirfd, NAME, 0);
	autoclose int listener = fd_unix_listen(socket_dirfd, NAME, SOCK_SEQPACKET);
	if (listener < 0)
		return err_code(e, listener, "offer listeners to the monitor");
	autoclose int monitor = bidding_call(container_dirfd, BIDDING_TAKE);
	r = monitor < 0 ? monitor : offer(listener, monitor, fds, n);
	unlinkat(socket_dirfd, NAME, 0);
	return r < 0 ? err_code(e, r, "hand listeners to the monitor") : 0;
}

int handing_take(int socket_dirfd, int ret_fds[HANDING_MAX], size_t *ret_n)
{
	autoclose int sock = fd_unix_connect(socket_dirfd, NAME, SOCK_SEQPACKET);
	struct timeval wait = { .tv_sec = TAKE_S };
	size_t n = HANDING_MAX;
	char byte;

	if (sock < 0)
		return sock;
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	ssize_t got = fd_recv(sock, &byte, 1, ret_fds, &n);
	if (got < 0)
		return (int)got;
	*ret_n = n;
	return TAKE_FD(sock);
}

void handing_answer(int sock, int code)
{
	int32_t word = code;

	fd_send(sock, &word, sizeof(word), NULL, 0);
	fd_close(sock);
}
