/* SPDX-License-Identifier: Apache-2.0 */
/* The front's side of the monitor. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "core/base/fd.h"
#include "core/base/str.h"
#include "core/runtime/launch.h"
#include "core/runtime/monitor.h"

int monitor_spawn(const struct monitor_spawn *s, struct err *e)
{
	int fds[LAUNCH_FDS_MAX], pair[2], r;
	char count[16];
	char *argv[] = { (char *)"rootless", (char *)"monitor", count, NULL };

	if (s->kept_len > MONITOR_KEEP_MAX)
		return err_set(e, -E2BIG, "more than %d descriptors to keep",
			       MONITOR_KEEP_MAX);
	r = fd_socketpair(SOCK_STREAM, pair);
	if (r < 0)
		return err_code(e, r, "make a socket pair");
	fds[0] = s->container_dirfd;
	fds[1] = s->socket_dirfd;
	fds[2] = s->realm_pidfd;
	fds[3] = pair[1];
	for (size_t i = 0; i < s->kept_len; i++)
		fds[4 + i] = s->kept[i];
	str_print(count, sizeof(count), "%zu", s->kept_len);
	r = launch(s->inner_fd, argv, fds, 4 + s->kept_len, e);
	fd_close(pair[1]);
	if (r < 0) {
		fd_close(pair[0]);
		return err_wrap(e, "start the monitor");
	}
	return pair[0];
}

int monitor_connect(int socket_dirfd, struct err *e)
{
	int fd = fd_unix_connect(socket_dirfd, MONITOR_SOCKET, SOCK_STREAM);

	return fd < 0 ? err_code(e, fd, "connect to the container's monitor") : fd;
}
