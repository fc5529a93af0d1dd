/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/spawn.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

static bool open_fd(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

TEST(closing)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), moved;

	{
		autoclose int a = fd;

		moved = TAKE_FD(a);
		CHECK_INT(a, -1);
	}
	CHECK(open_fd(moved));
	{
		autoclose int b = moved;

		CHECK(open_fd(b));
	}
	CHECK(!open_fd(moved));
	errno = EBUSY;
	CHECK_INT(fd_close(12345), -1);
	CHECK_INT(errno, EBUSY);
}

/* Closing ranges happens in a child, which tells what is left. */
TEST(closing_ranges)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int keep[] = { 13, 7, -1, 10 }, bad = 0;

		for (int fd = 5; fd < 16; fd++)
			bad += dup2(1, fd) != fd;
		bad += fd_close_except(5, keep, ARRAY_LEN(keep)) != 0;
		for (int fd = 5; fd < 16; fd++)
			bad += open_fd(fd) != (fd == 7 || fd == 10 || fd == 13);
		bad += fd_close_except(8, NULL, 0) != 0;
		bad += !open_fd(7) || open_fd(10) || open_fd(13) || !open_fd(1);
		_exit(bad);
	}
	CHECK_INT(spawn_wait(pid), 0);
}

TEST(guarding_the_standard_ones)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(0);
		close(2);
		_exit(fd_guard_std() != 0 || !open_fd(0) || !open_fd(2));
	}
	CHECK_INT(spawn_wait(pid), 0);
}

TEST(flags)
{
	int ends[2];

	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	CHECK_INT(fd_cloexec(ends[0], false), 0);
	CHECK_INT(fcntl(ends[0], F_GETFD), 0);
	CHECK_INT(fd_cloexec(ends[0], true), 0);
	CHECK_INT(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	CHECK_INT(fd_nonblock(ends[0], true), 0);
	CHECK(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	CHECK_INT(fd_nonblock(ends[0], false), 0);
	CHECK(!(fcntl(ends[0], F_GETFL) & O_NONBLOCK));
	fd_close(ends[0]);
	fd_close(ends[1]);
	CHECK_INT(fd_cloexec(ends[0], true), -EBADF);
}

/* More than a pipe holds, through a non-blocking end. */
TEST(whole_writes)
{
	static char bytes[300000], back[300000];
	int ends[2];
	pid_t pid;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	CHECK_INT(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fd_close(ends[0]);
		_exit(fd_write_all(ends[1], bytes, sizeof(bytes)) != 0);
	}
	fd_close(ends[1]);
	CHECK_INT(fd_read_full(ends[0], back, sizeof(back)), sizeof(back));
	CHECK(memcmp(bytes, back, sizeof(back)) == 0);
	CHECK_INT(spawn_wait(pid), 0);
	CHECK_INT(fd_read_full(ends[0], back, 1), 0);
	fd_close(ends[0]);
}

TEST(copying)
{
	char name_in[] = "/tmp/rootless-fd-XXXXXX",
	     name_out[] = "/tmp/rootless-fd-XXXXXX";
	int in = mkostemp(name_in, O_CLOEXEC), out = mkostemp(name_out, O_CLOEXEC);
	autobuf got = { 0 };
	int ends[2], proc;

	unlink(name_in);
	unlink(name_out);
	CHECK_INT(fd_write_all(in, "0123456789", 10), 0);
	lseek(in, 2, SEEK_SET);
	CHECK_INT(fd_copy(in, out, 3), 3);
	CHECK_INT(fd_copy(in, out, UINT64_MAX), 5);
	CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
	lseek(in, 0, SEEK_SET);
	CHECK_INT(fd_copy(in, ends[1], 4), 4);
	CHECK_INT(fd_copy(ends[0], out, 4), 4);
	lseek(out, 0, SEEK_SET);
	CHECK_INT(file_read_fd(out, 100, &got), 0);
	CHECK_STR(buf_str(&got), "234567890123");
	/* A file of /proc says it is empty. */
	proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	CHECK(fd_copy(proc, out, UINT64_MAX) > 100);
	fd_close(proc);
	proc = open("/dev/full", O_WRONLY | O_CLOEXEC);
	lseek(in, 0, SEEK_SET);
	CHECK_INT(fd_copy(in, proc, UINT64_MAX), -ENOSPC);
	fd_close(proc);
	fd_close(in);
	fd_close(out);
	fd_close(ends[0]);
	fd_close(ends[1]);
}

TEST(passing)
{
	int sock[2], pipes[2], fds[FD_PASS_MAX];
	size_t n = FD_PASS_MAX;
	char text[16] = "";

	CHECK_INT(fd_socketpair(SOCK_SEQPACKET, sock), 0);
	CHECK_INT(pipe2(pipes, O_CLOEXEC), 0);
	CHECK_INT(fd_send(sock[0], "hello", 5, pipes, 2), 0);
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), fds, &n), 5);
	CHECK_INT(n, 2);
	CHECK(memcmp(text, "hello", 5) == 0);
	CHECK_INT(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	CHECK_INT(fd_write_all(fds[1], "!", 1), 0);
	CHECK_INT(fd_read(pipes[0], text, 1), 1);
	CHECK_INT(text[0], '!');
	fd_close(fds[0]);
	fd_close(fds[1]);
	/* No descriptors at all. */
	CHECK_INT(fd_send(sock[0], "x", 1, NULL, 0), 0);
	n = 3;
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), fds, &n), 1);
	CHECK_INT(n, 0);
	/* The largest message. */
	for (int i = 0; i < FD_PASS_MAX; i++)
		fds[i] = pipes[0];
	CHECK_INT(fd_send(sock[0], "x", 1, fds, FD_PASS_MAX), 0);
	CHECK_INT(fd_send(sock[0], "x", 1, fds, FD_PASS_MAX + 1), -EMSGSIZE);
	n = FD_PASS_MAX;
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), fds, &n), 1);
	CHECK_INT(n, FD_PASS_MAX);
	for (int i = 0; i < FD_PASS_MAX; i++)
		fd_close(fds[i]);
	fd_close(sock[0]);
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), NULL, NULL), 0);
	CHECK_INT(fd_send(sock[1], "x", 1, NULL, 0), -EPIPE);
	fd_close(sock[1]);
	fd_close(pipes[0]);
	fd_close(pipes[1]);
}

/* A message that stays, and outlives who has sent it. */
TEST(peeking)
{
	int sock[2];
	char text[16] = "";

	CHECK_INT(fd_socketpair(SOCK_SEQPACKET, sock), 0);
	CHECK_INT(fd_peek(sock[1], text, sizeof(text)), -EAGAIN);
	CHECK_INT(fd_send(sock[0], "last", 4, NULL, 0), 0);
	CHECK_INT(fd_peek(sock[1], text, 3), -EMSGSIZE);
	fd_close(sock[0]);
	for (int i = 0; i < 3; i++) {
		memset(text, 0, sizeof(text));
		CHECK_INT(fd_peek(sock[1], text, sizeof(text)), 4);
		CHECK_STR(text, "last");
	}
	CHECK_INT(fd_read(sock[1], text, sizeof(text)), 4);
	CHECK_INT(fd_peek(sock[1], text, sizeof(text)), 0);
	fd_close(sock[1]);
}

TEST(refusing_what_does_not_fit)
{
	int sock[2], fds[2], probe = dup(1), lowest;
	size_t n;
	char text[4];

	CHECK_INT(fd_socketpair(SOCK_SEQPACKET, sock), 0);
	fds[0] = fds[1] = 1;
	lowest = dup(1);
	close(lowest);
	/* More descriptors than room: none is left open. */
	CHECK_INT(fd_send(sock[0], "x", 1, fds, 2), 0);
	n = 1;
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), fds, &n), -EMSGSIZE);
	fds[0] = fds[1] = 1;
	CHECK_INT(fd_send(sock[0], "x", 1, fds, 2), 0);
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), NULL, NULL), -EMSGSIZE);
	/* A message longer than the buffer. */
	fds[0] = fds[1] = 1;
	CHECK_INT(fd_send(sock[0], "12345", 5, fds, 2), 0);
	n = 2;
	CHECK_INT(fd_recv(sock[1], text, sizeof(text), fds, &n), -EMSGSIZE);
	CHECK_INT(dup(1), lowest);
	close(lowest);
	close(probe);
	fd_close(sock[0]);
	fd_close(sock[1]);
}

TEST(unix_sockets)
{
	char folder[] = "/tmp/rootless-fd-XXXXXX";
	autofree char *deep = NULL;
	autofree char *path = NULL;
	int dir, server, client, accepted, copy;
	struct stat st;
	char part[101];

	CHECK(mkdtemp(folder) != NULL);
	memset(part, 'd', 100);
	part[100] = 0;
	deep = str_fmt("%s/%s/%s", folder, part, part);
	path = str_fmt("%s/sock", deep);
	CHECK_INT(file_mkdirs(deep, 0700), 0);
	dir = open(deep, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(fd_unix_connect(dir, "sock", SOCK_STREAM), -ENOENT);
	server = fd_unix_listen(dir, "sock", SOCK_STREAM);
	CHECK(server >= 0);
	CHECK(fstatat(dir, "sock", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
	client = fd_unix_connect(AT_FDCWD, path, SOCK_STREAM);
	CHECK(client >= 0);
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	CHECK_INT(fd_send(client, "x", 1, NULL, 0), 0);
	CHECK_INT(fd_read(accepted, part, 1), 1);
	/* A live one is not taken over, a dead one is. */
	CHECK_INT(fd_unix_listen(AT_FDCWD, path, SOCK_STREAM), -EADDRINUSE);
	CHECK_INT(fd_unix_listen(dir, "sock", SOCK_SEQPACKET), -EADDRINUSE);
	fd_close(server);
	copy = fd_unix_listen(AT_FDCWD, path, SOCK_SEQPACKET);
	CHECK(copy >= 0);
	fd_close(copy);
	/* Something else in its place stays. */
	CHECK_INT(unlinkat(dir, "sock", 0), 0);
	CHECK_INT(file_replace_nosync(dir, "sock", "x", 1, 0600), 0);
	CHECK(fd_unix_listen(dir, "sock", SOCK_STREAM) < 0);
	CHECK(fstatat(dir, "sock", &st, 0) == 0 && S_ISREG(st.st_mode));
	fd_close(client);
	fd_close(accepted);
	fd_close(dir);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder), 0);
}
