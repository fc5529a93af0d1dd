/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: whole reads and writes, copying, closing. Sockets: fd_socket.c. */
#include "core/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/mem.h"
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

int fd_wait(int fd, short events)
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
			got = fd_wait(fd, POLLIN);
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
			r = fd_wait(fd, POLLOUT);
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
			r = fd_wait(in, POLLIN);
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
