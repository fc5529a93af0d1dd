/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor kept back. */
#include "core/net/spare.h"

#include <errno.h>
#include <fcntl.h>

#include "core/base/fd.h"

void spare_init(struct spare *s, int of)
{
	*s = (struct spare){ fcntl(of, F_DUPFD_CLOEXEC, 0), of };
}

static int spare_try(int listener, struct sockaddr_storage *peer)
{
	socklen_t len = sizeof(*peer);
	int fd = accept4(listener, (struct sockaddr *)peer, peer ? &len : NULL,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int spare_accept(struct spare *s, int listener, struct sockaddr_storage *peer)
{
	int fd = spare_try(listener, peer);

	if (fd != -EMFILE && fd != -ENFILE)
		return fd;
	fd_close(s->fd);
	fd = spare_try(listener, peer);
	fd_close(fd);
	spare_init(s, s->of);
	return fd < 0 ? fd : -EMFILE;
}
