/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: whole reads and writes, closing, passing over sockets. */
#include "core/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

int fd_close(int fd)
{
	int kept = errno;

	/* EINTR: Linux has closed it all the same. */
	if (fd >= 0)
		close(fd);
	errno = kept;
	return -1;
}

ssize_t fd_read(int fd, void *p, size_t n)
{
	ssize_t got;

	do
		got = read(fd, p, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	while (poll(&pfd, 1, -1) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = fd_read(fd, (char *)p + done, n - done);

		if (got == -EAGAIN)
			got = wait_for(fd, POLLIN);
		else if (got == 0)
			break;
		else if (got > 0)
			done += (size_t)got;
		if (got < 0)
			return got;
	}
	return (ssize_t)done;
}

int fd_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t put = write(fd, at, n);
		int r = put < 0 ? -errno : 0;

		if (r == -EINTR)
			continue;
		if (r == -EAGAIN)
			r = wait_for(fd, POLLOUT);
		if (r < 0)
			return r;
		if (put > 0) {
			at += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

static ssize_t copy_range(int in, int out, size_t n)
{
	return syscall(SYS_copy_file_range, in, NULL, out, NULL, n, 0);
}

static ssize_t copy_splice(int in, int out, size_t n)
{
	return splice(in, NULL, out, NULL, n, SPLICE_F_MOVE);
}

static ssize_t copy_bytes(int in, int out, size_t n)
{
	char bytes[64 << 10];
	ssize_t got = fd_read(in, bytes, n < sizeof(bytes) ? n : sizeof(bytes));
	int r;

	if (got <= 0) {
		errno = got < 0 ? (int)-got : 0;
		return got < 0 ? -1 : 0;
	}
	r = fd_write_all(out, bytes, (size_t)got);
	if (r < 0) {
		errno = -r;
		return -1;
	}
	return got;
}

int64_t fd_copy(int in, int out, uint64_t size)
{
	static ssize_t (*const ways[])(int, int, size_t) = { copy_range, copy_splice,
							     copy_bytes };
	uint64_t done = 0;
	size_t way = 0;

	while (done < size) {
		uint64_t left = size - done;
		size_t n = left < (1u << 30) ? (size_t)left : 1u << 30;
		ssize_t got = ways[way](in, out, n);
		int r = got < 0 ? -errno : 0;

		if (got > 0) {
			done += (uint64_t)got;
		} else if (r == -EINTR) {
			continue;
		} else if (r == -EAGAIN) {
			/* Either end: wait for what can be waited for, then by hand. */
			r = wait_for(in, POLLIN);
			if (r < 0)
				return r;
			way = ARRAY_LEN(ways) - 1;
		} else if (way + 1 < ARRAY_LEN(ways) && r != -ENOSPC && r != -EDQUOT) {
			/* Not for this pair; and 0 from copy_file_range may be a file of
			 * /proc, whose size is told as 0. */
			way++;
		} else {
			if (r < 0)
				return r;
			break;
		}
	}
	return (int64_t)done;
}

static int flag_set(int fd, int get, int set, int flag, bool on)
{
	int flags = fcntl(fd, get);

	if (flags < 0)
		return -errno;
	if (!!(flags & flag) == on)
		return 0;
	return fcntl(fd, set, on ? flags | flag : flags & ~flag) < 0 ? -errno : 0;
}

int fd_cloexec(int fd, bool on)
{
	return flag_set(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

int fd_nonblock(int fd, bool on)
{
	return flag_set(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

int fd_guard_std(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is fd, as those below are open. */
		if (open("/dev/null", O_RDWR) != fd) /* stays open over exec */
			return -EBADF;
	}
	return 0;
}

static bool listed(int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (keep[i] == fd)
			return true;
	}
	return false;
}

static int close_slowly(unsigned int first, const int *keep, size_t n)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir) {
		struct rlimit limit;

		if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
			return -errno;
		for (unsigned int fd = first; fd < limit.rlim_max && fd < 1u << 20;
		     fd++) {
			if (!listed((int)fd, keep, n))
				close((int)fd);
		}
		return 0;
	}
	while ((entry = readdir(dir))) {
		uint64_t fd;

		if (str_u64(entry->d_name, INT_MAX, &fd) < 0 || fd < first)
			continue;
		if ((int)fd != dirfd(dir) && !listed((int)fd, keep, n))
			close((int)fd);
	}
	closedir(dir);
	return 0;
}

static int close_span(unsigned int first, unsigned int last)
{
	return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

int fd_close_from(unsigned int first)
{
	return fd_close_except(first, NULL, 0);
}

int fd_close_except(unsigned int first, const int *keep, size_t n)
{
	unsigned int from = first;

	for (;;) {
		unsigned int next = ~0u; /* lowest kept fd that is not below from */

		for (size_t i = 0; i < n; i++) {
			if (keep[i] >= 0 && (unsigned int)keep[i] >= from &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		}
		if (next > from && close_span(from, next == ~0u ? ~0u : next - 1) < 0)
			return close_slowly(first, keep, n);
		if (next == ~0u)
			return 0;
		from = next + 1;
	}
}

int fd_socketpair(int type, int ret[2])
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

/* The address of name in dirfd, through /proc/self/fd so that the folder's own path may
 * have any length. */
static int unix_address(int dirfd, const char *name, struct sockaddr_un *ret)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (dirfd == AT_FDCWD)
		r = str_copy(ret->sun_path, sizeof(ret->sun_path), name);
	else
		r = str_print(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s",
			      dirfd, name);
	return r < 0 ? -ENAMETOOLONG : 0;
}

/* Splits a long name below AT_FDCWD into an opened folder (*ret_dir) and the last part.
 */
static int unix_folder(int *dirfd, const char **name, int *ret_dir)
{
	autofree char *folder = NULL;

	if (*dirfd != AT_FDCWD)
		return 0;
	folder = path_dir(*name);
	*ret_dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return -errno;
	*name = path_base(*name);
	*dirfd = *ret_dir;
	return 0;
}

static int unix_bind(int fd, const struct sockaddr_un *address)
{
	/* The kernel gives the file the mode of the unbound socket. */
	if (fchmod(fd, 0600) < 0)
		return -errno;
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno
										: 0;
}

/* Is it a socket that nobody listens on, as a killed process leaves one? */
static bool unix_stale(int dirfd, const char *name, int type)
{
	autoclose int probe = -1;
	struct stat st;

	/* connect(2) on any other file is refused as well. */
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	probe = fd_unix_connect(dirfd, name, type);
	return probe == -ECONNREFUSED;
}

int fd_unix_listen(int dirfd, const char *name, int type)
{
	struct sockaddr_un address;
	autoclose int fd = -1;
	autoclose int dir = -1;
	int r;

	r = unix_folder(&dirfd, &name, &dir);
	if (r == 0)
		r = unix_address(dirfd, name, &address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = unix_bind(fd, &address);
	if (r == -EADDRINUSE && unix_stale(dirfd, name, type)) {
		if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
			return -errno;
		r = unix_bind(fd, &address);
	}
	if (r < 0)
		return r;
	if (listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int fd_unix_connect(int dirfd, const char *name, int type)
{
	struct sockaddr_un address;
	autoclose int fd = -1;
	autoclose int dir = -1;
	int r;

	r = unix_folder(&dirfd, &name, &dir);
	if (r == 0)
		r = unix_address(dirfd, name, &address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return TAKE_FD(fd);
}

int fd_send(int sock, const void *p, size_t n, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t put;

	if (nfds > FD_PASS_MAX)
		return -EMSGSIZE;
	if (nfds) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, nfds * sizeof(int));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
	}
	do
		put = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put < 0)
		return -errno;
	/* A stream may take a part only; the descriptors have gone with its first byte.
	 */
	while ((size_t)put < n) {
		ssize_t more =
			send(sock, (const char *)p + put, n - (size_t)put, MSG_NOSIGNAL);

		if (more >= 0)
			put += more;
		else if (errno == EAGAIN)
			(void)wait_for(sock, POLLOUT);
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
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
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
	} control;
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
