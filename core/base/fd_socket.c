/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: pairs, named ones, and descriptors passed over them. */
#include "core/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

int fd_socketpair(int type, int ret[2])
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

/* A socket and where it belongs. The address leads through /proc/self/fd, so that the
 * folder's own path may have any length. */
struct place {
	int fd;
	int dirfd; /* the caller's, or own */
	int own;   /* -1, or the folder of a path, opened here */
	const char *name;
	struct sockaddr_un address;
};

static void place_done(struct place *p)
{
	fd_close(p->fd);
	fd_close(p->own);
}

static int place_open(struct place *p, int dirfd, const char *name, int type)
{
	*p = (struct place){ .fd = -1, .own = -1, .dirfd = dirfd, .name = name };
	if (dirfd == AT_FDCWD) {
		autofree char *folder = path_dir(name);

		p->own = p->dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
		p->name = path_base(name);
		if (p->own < 0)
			return -errno;
	}
	p->address.sun_family = AF_UNIX;
	if (str_print(p->address.sun_path, sizeof(p->address.sun_path),
		      "/proc/self/fd/%d/%s", p->dirfd, p->name) < 0)
		return -ENAMETOOLONG;
	p->fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	return p->fd < 0 ? -errno : 0;
}

static int place_bind(const struct place *p)
{
	/* The kernel gives the file the mode of the unbound socket. */
	if (fchmod(p->fd, 0600) < 0 ||
	    bind(p->fd, (const struct sockaddr *)&p->address, sizeof(p->address)) < 0)
		return -errno;
	return 0;
}

/* Is it a socket that nobody listens on, as a killed process leaves one? */
static bool is_stale(const struct place *p, int type)
{
	autoclose int probe = -1;
	struct stat st;

	/* connect(2) on any other file is refused as well. */
	if (fstatat(p->dirfd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return false;
	probe = fd_unix_connect(p->dirfd, p->name, type);
	return probe == -ECONNREFUSED;
}

int fd_unix_listen(int dirfd, const char *name, int type)
{
	autodone(place_done) struct place p;
	int r = place_open(&p, dirfd, name, type);

	if (r == 0)
		r = place_bind(&p);
	if (r == -EADDRINUSE && is_stale(&p, type)) {
		if (unlinkat(p.dirfd, p.name, 0) < 0 && errno != ENOENT)
			return -errno;
		r = place_bind(&p);
	}
	if (r < 0)
		return r;
	if (listen(p.fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(p.fd);
}

int fd_unix_connect(int dirfd, const char *name, int type)
{
	autodone(place_done) struct place p;
	int r = place_open(&p, dirfd, name, type);

	if (r < 0)
		return r;
	while (connect(p.fd, (const struct sockaddr *)&p.address, sizeof(p.address)) < 0)
		if (errno != EINTR)
			return -errno;
	return TAKE_FD(p.fd);
}

/* Room for the descriptors of one message. */
union rights {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

static void put_rights(struct msghdr *msg, union rights *control, const int *fds,
		       size_t nfds)
{
	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(nfds * sizeof(int));
	memcpy(CMSG_DATA(&control->header), fds, nfds * sizeof(int));
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(nfds * sizeof(int));
}

/* A stream may take a part only; the descriptors have gone with its first byte. */
static int send_rest(int sock, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = send(sock, p, n, MSG_NOSIGNAL);
		int r = put < 0 ? -errno : 0;

		if (r == -EAGAIN)
			r = fd_wait(sock, POLLOUT);
		if (r < 0 && r != -EINTR)
			return r;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

int fd_send(int sock, const void *p, size_t n, const int *fds, size_t nfds)
{
	union rights control;
	struct iovec part = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t put;

	if (nfds > FD_PASS_MAX)
		return -EMSGSIZE;
	if (nfds)
		put_rights(&msg, &control, fds, nfds);
	do
		put = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	return send_rest(sock, (const char *)p + put, n - (size_t)put);
}

/* Takes the descriptors out of msg: fds gets up to room of them; returns how many came.
 */
static size_t take_rights(struct msghdr *msg, int *fds, size_t room)
{
	size_t count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		const unsigned char *data = CMSG_DATA(c);
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++, count++) {
			int fd;

			memcpy(&fd, data + i * sizeof(int), sizeof(int));
			if (count < room)
				fds[count] = fd;
			else
				fd_close(fd);
		}
	}
	return count;
}

ssize_t fd_recv(int sock, void *p, size_t n, int *fds, size_t *nfds)
{
	union rights control;
	struct iovec part = { .iov_base = p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	size_t room = nfds ? *nfds : 0, count;
	ssize_t got;

	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	count = take_rights(&msg, fds, room);
	if (count > room || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < count && i < room; i++)
			fds[i] = fd_close(fds[i]);
		return -EMSGSIZE;
	}
	if (nfds)
		*nfds = count;
	return got;
}

ssize_t fd_peek(int sock, void *p, size_t n)
{
	ssize_t got;

	do
		got = recv(sock, p, n, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t)got > n ? -EMSGSIZE : got;
}
