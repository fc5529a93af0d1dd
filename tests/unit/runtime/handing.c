/* SPDX-License-Identifier: Apache-2.0 */
#include "core/runtime/handing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/runtime/bidding.h"
#include "tests/unit/test.h"

static int folder(char *path)
{
	CHECK(mkdtemp(path) != NULL);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A monitor: answers the first word with code, if the descriptors are n pipes. */
static void serve(int dir, int control, int code, size_t n)
{
	struct pollfd word = { .fd = control, .events = POLLIN };
	int fds[HANDING_MAX], sock;
	size_t got = 0;
	struct stat st;

	poll(&word, 1, 10000);
	if (bidding_take(control) != BIDDING_TAKE)
		_exit(1);
	sock = handing_take(dir, fds, &got);
	if (sock < 0 || got != n)
		_exit(2);
	for (size_t i = 0; i < got; i++)
		if (fstat(fds[i], &st) != 0 || !S_ISFIFO(st.st_mode) ||
		    !(fcntl(fds[i], F_GETFD) & FD_CLOEXEC))
			_exit(3);
	handing_answer(sock, code);
	_exit(0);
}

static void check_handed(int dir, int code, const int *fds, size_t n)
{
	int control = bidding_open(dir), status = -1;
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0)
		serve(dir, control, code, n);
	fd_close(control);
	CHECK_INT(handing_offer(dir, dir, fds, n, &e), code);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK_INT(faccessat(dir, "hand.sock", F_OK, 0), -1);
}

TEST(descriptors_are_handed)
{
	char path[] = "/tmp/rootless-unit.XXXXXX";
	int dir = folder(path), pair[2];

	CHECK_INT(pipe2(pair, O_CLOEXEC), 0);
	check_handed(dir, 0, pair, 2);
	check_handed(dir, 0, pair, 1);
	check_handed(dir, 0, NULL, 0);
	check_handed(dir, -E2BIG, pair, 2);
	fd_close(pair[0]);
	fd_close(pair[1]);
	fd_close(dir);
	file_remove_tree(AT_FDCWD, path);
}

TEST(nobody_comes_for_them)
{
	char path[] = "/tmp/rootless-unit.XXXXXX";
	int dir = folder(path), fds[HANDING_MAX];
	struct err e = { 0 };
	size_t n = 0;

	/* No fifo; one that nobody reads. */
	CHECK_INT(handing_offer(dir, dir, NULL, 0, &e), -ENOENT);
	fd_close(bidding_open(dir));
	CHECK_INT(handing_offer(dir, dir, NULL, 0, &e), -ENXIO);
	/* A monitor that comes too late. */
	CHECK_INT(handing_take(dir, fds, &n), -ENOENT);
	fd_close(dir);
	file_remove_tree(AT_FDCWD, path);
}

/* It has gone with the word unread. */
TEST(a_monitor_that_dies)
{
	char path[] = "/tmp/rootless-unit.XXXXXX";
	int dir = folder(path), control = bidding_open(dir);
	struct pollfd word = { .fd = control, .events = POLLIN };
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		poll(&word, 1, 10000);
		_exit(0);
	}
	fd_close(control);
	CHECK_INT(handing_offer(dir, dir, NULL, 0, &e), -ENXIO);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	fd_close(dir);
	file_remove_tree(AT_FDCWD, path);
}
