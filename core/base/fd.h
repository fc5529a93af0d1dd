/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: scope-bound closing, whole reads and writes, passing over sockets.
 * Every descriptor made here is O_CLOEXEC. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Closes fd when >= 0 (errno kept); returns -1, so `fd = fd_close(fd);`. */
int fd_close(int fd);

static inline void fd_autoclose(const int *fd)
{
	fd_close(*fd);
}

#define autoclose __attribute__((cleanup(fd_autoclose)))

#define TAKE_FD(fd) \
	({ \
		int take_ = (fd); \
		(fd) = -1; \
		take_; \
	})

/* Waits by poll for the events, across EINTR; 0 or -errno. */
int fd_wait(int fd, short events);
/* Reads until n bytes or end of file, across EINTR (waits by poll on a non-blocking fd);
 * bytes read or -errno. */
ssize_t fd_read_full(int fd, void *p, size_t n);
/* One read across EINTR; bytes or -errno. */
ssize_t fd_read(int fd, void *p, size_t n);
/* All n bytes across EINTR and short writes (waits by poll on a non-blocking fd); 0 or
 * -errno. */
int fd_write_all(int fd, const void *p, size_t n);
/* Copies size bytes (or to the end with UINT64_MAX) from in to out by copy_file_range,
 * splice or read/write, whichever works; bytes copied or -errno. */
int64_t fd_copy(int in, int out, uint64_t size);

int fd_cloexec(int fd, bool on);
int fd_nonblock(int fd, bool on);
/* Opens /dev/null on any of 0, 1, 2 that is closed; first thing in main. */
int fd_guard_std(void);
/* Closes all from first on except the given ones (need not be sorted): close_range, with
 * a fallback over /proc/self/fd. */
int fd_close_except(unsigned int first, const int *keep, size_t n);

/* SOCK_STREAM or SOCK_SEQPACKET pair, close-on-exec. */
int fd_socketpair(int type, int ret[2]);
/* Listens / connects on a unix path of any length (through the dirfd of its folder). The
 * socket file is made 0600; one that nobody listens on any more is replaced, a live one
 * is -EADDRINUSE. fd or -errno. dirfd + name: the name inside that folder, at most 80
 * bytes; with AT_FDCWD any path. */
int fd_unix_listen(int dirfd, const char *name, int type);
int fd_unix_connect(int dirfd, const char *name, int type);

#define FD_PASS_MAX 64
/* One message with up to FD_PASS_MAX descriptors; 0 or -errno. -EAGAIN (non-blocking
 * socket) means nothing was sent; the rest of a message begun is waited for. No SIGPIPE.
 */
int fd_send(int sock, const void *p, size_t n, const int *fds, size_t nfds);
/* Receives one message; *nfds is in: room, out: count received (surplus ones are closed
 * and the message refused with -EMSGSIZE, as is one cut short). Bytes, 0 at end, or
 * -errno. */
ssize_t fd_recv(int sock, void *p, size_t n, int *fds, size_t *nfds);
/* What fd_recv would receive of a message without descriptors, which stays in the socket;
 * -EAGAIN: there is none. */
ssize_t fd_peek(int sock, void *p, size_t n);

#endif
