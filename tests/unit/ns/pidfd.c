/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/pidfd.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "tests/unit/test.h"

TEST(life)
{
	pid_t pid = fork();
	autoclose int fd = -1;
	uint64_t a = 0, b = 0;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	fd = pidfd_open(pid);
	CHECK(fd >= 0);
	CHECK(pidfd_alive(fd));
	CHECK_INT(pidfd_pid(fd), pid);
	CHECK_INT(pidfd_start_time(pid, &a), 0);
	CHECK_INT(pidfd_start_time(pid, &b), 0);
	CHECK(a == b && a > 0);
	CHECK_INT(pidfd_signal(fd, SIGKILL), 0);
	waitpid(pid, NULL, 0);
	CHECK(!pidfd_alive(fd));
	CHECK_INT(pidfd_pid(fd), -ESRCH);
	CHECK_INT(pidfd_signal(fd, 0), -ESRCH);
	CHECK_INT(pidfd_start_time(pid, &a), -ESRCH);
}

TEST(stat_text)
{
	uint64_t v = 0;

	CHECK_INT(
		pidfd_parse_stat("1 (a) b) (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 "
				 "17 18 4711 20",
				 &v),
		0);
	CHECK_INT(v, 4711);
	CHECK_INT(pidfd_parse_stat("1 a S", &v), -EINVAL);
	CHECK_INT(pidfd_parse_stat("1 (a) S 1 2", &v), -EINVAL);
}
