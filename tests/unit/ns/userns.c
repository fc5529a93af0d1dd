/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ns/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/ns/pidfd.h"
#include "tests/unit/test.h"

static int wait_forever(void *arg)
{
	for (;;)
		pause();
	return 0;
}

static int inside(void *arg, struct err *e)
{
	char text[256];

	if (getuid() != 0 || getgid() != 0)
		return err_set(e, -EINVAL, "not root");
	if (file_read_small(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return err_set(e, -EINVAL, "no map");
	return *(int *)arg;
}

static int fails(void *arg, struct err *e)
{
	return err_set(e, -ENOTDIR, "told so");
}

static void same_namespace(int pidfd, const char *name, int fd)
{
	autoclose int other = pidfd_open_ns(pidfd, name);
	struct stat a, b;

	CHECK(fstat(fd, &a) == 0 && fstat(other, &b) == 0);
	CHECK(a.st_ino == b.st_ino);
}

static void realm(bool single)
{
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	autofree char *why = NULL;
	struct err e = { 0 };
	autoclose int fd = -1;
	int seven = 7;
	pid_t pid = 0;

	CHECK_INT(idmap_host(&uid, &gid, &why, &e), 0);
	if (single) {
		idmap_done(&uid);
		idmap_done(&gid);
		idmap_make(getuid(), NULL, 0, &uid);
		idmap_make(getgid(), NULL, 0, &gid);
	}
	fd = userns_spawn(&uid, &gid, wait_forever, NULL, &pid, &e);
	if (fd < 0) {
		/* A build machine's sandbox may forbid user namespaces altogether. */
		test_skip(e.text);
		return;
	}
	CHECK_INT(userns_call(fd, CLONE_NEWUSER | CLONE_NEWNET, inside, &seven, &e), 7);
	CHECK_STR(e.text, "");
	CHECK_INT(userns_call(fd, CLONE_NEWUSER, fails, NULL, &e), -ENOTDIR);
	CHECK_STR(e.text, "told so");
	autoclose int net = pidfd_open_ns(fd, "net"), user = pidfd_open_ns(fd, "user");
	pidfd_signal(fd, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Nobody is left in it, and another process takes its place. */
	autoclose int next = userns_respawn(net, wait_forever, NULL, &pid, &e);
	CHECK(next >= 0);
	CHECK_INT(userns_call(next, CLONE_NEWUSER | CLONE_NEWNET, inside, &seven, &e), 7);
	same_namespace(next, "net", net);
	same_namespace(next, "user", user);
	pidfd_signal(next, SIGKILL);
	waitpid(pid, NULL, 0);
	/* What is no network namespace. */
	CHECK(userns_respawn(1, wait_forever, NULL, &pid, &e) < 0);
	CHECK(strstr(e.text, "join the realm that was") != NULL);
}

TEST(realm_full)
{
	realm(false);
}

TEST(realm_single_id)
{
	realm(true);
}
