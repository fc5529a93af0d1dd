/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "tests/unit/test.h"

/* In a child: which of these it may still do, as bits. */
static int attempts(const char *dir)
{
	char path[256];
	int done = 0, fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_shut(&fd, 1) != 0)
		return 64;
	done |= (open("/proc/self/status", O_RDONLY | O_CLOEXEC) >= 0) << 0;
	snprintf(path, sizeof(path), "%s/kept", dir);
	done |= (open(path, O_WRONLY | O_CLOEXEC) >= 0) << 1;
	snprintf(path, sizeof(path), "%s/made", dir);
	done |= (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0) << 2;
	snprintf(path, sizeof(path), "%s/kept", dir);
	done |= (unlink(path) == 0) << 3;
	snprintf(path, sizeof(path), "%s-beside", dir);
	done |= (unlink(path) == 0) << 4;
	return done;
}

TEST(shut)
{
	char dir[] = "/tmp/landlock.XXXXXX", path[64];
	int status = 0;
	pid_t pid;

	if (landlock_abi() < 1)
		return;
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/kept", dir);
	fd_close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	snprintf(path, sizeof(path), "%s-beside", dir);
	fd_close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	pid = fork();
	if (pid == 0)
		_exit(attempts(dir));
	CHECK(waitpid(pid, &status, 0) == pid);
	/* Removing below the folder alone. */
	CHECK_INT(WEXITSTATUS(status), 8);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(dir), 0);
}
