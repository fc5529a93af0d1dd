/* SPDX-License-Identifier: Apache-2.0 */
/* Process descriptors. */
#include "core/ns/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define STAT_START_FIELD 22

int pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

int pidfd_signal(int pidfd, int signo)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0) < 0 ? -errno : 0;
}

bool pidfd_alive(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	/* A signal to the caller says nothing about the process. */
	return poll(&p, 1, 0) < 1;
}

pid_t pidfd_pid(int pidfd)
{
	char path[64], text[512];
	const char *at;
	char number[16] = "";
	int64_t pid;
	int r;

	str_print(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = file_read_small(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return r;
	at = strstr(text, "\nPid:\t");
	if (!at)
		return -EINVAL;
	at += strlen("\nPid:\t");
	for (size_t i = 0; at[i] && at[i] != '\n' && i < sizeof(number) - 1; i++)
		number[i] = at[i];
	/* -1: it has been reaped. */
	return str_i64(number, 1, INT32_MAX, &pid) < 0 ? -ESRCH : (pid_t)pid;
}

/* In the order in which they can be joined: the user namespace gives the right to the
 * rest, the mount namespace takes /proc away. */
static const struct {
	int flag;
	const char *name;
} kinds[] = {
	{ CLONE_NEWUSER, "user" }, { CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWIPC, "ipc" },
	{ CLONE_NEWUTS, "uts" },   { CLONE_NEWNET, "net" },       { CLONE_NEWPID, "pid" },
	{ CLONE_NEWTIME, "time" }, { CLONE_NEWNS, "mnt" },
};

int pidfd_open_ns(int pidfd, const char *name)
{
	pid_t pid = pidfd_pid(pidfd);
	char path[64];
	int fd;

	if (pid < 0)
		return pid;
	str_print(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The PID may have been used again since. */
	if (!pidfd_alive(pidfd)) {
		fd_close(fd);
		return -ESRCH;
	}
	return fd;
}

static int setns_each(int pidfd, int flags)
{
	int fds[ARRAY_LEN(kinds)], r = 0;

	/* All are opened first: the joined ones could hide the others. */
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		fds[i] = (flags & kinds[i].flag) ? pidfd_open_ns(pidfd, kinds[i].name)
						 : -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && r == 0; i++) {
		if (!(flags & kinds[i].flag))
			continue;
		if (fds[i] < 0)
			r = fds[i];
		else if (setns(fds[i], kinds[i].flag) < 0)
			r = -errno;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		fd_close(fds[i]);
	return r;
}

int pidfd_setns(int pidfd, int flags)
{
	if (setns(pidfd, flags) == 0)
		return 0;
	/* Before 5.8 a pidfd is no namespace. */
	return errno == EINVAL ? setns_each(pidfd, flags) : -errno;
}

int pidfd_parse_stat(const char *text, uint64_t *ret_start)
{
	/* The name in parentheses may hold anything, so count from its last one. */
	const char *p = strrchr(text, ')');
	char number[24] = "";

	if (!p)
		return -EINVAL;
	for (int field = 2; field < STAT_START_FIELD; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -EINVAL;
		p++;
	}
	for (size_t i = 0; p[i] >= '0' && p[i] <= '9' && i < sizeof(number) - 1; i++)
		number[i] = p[i];
	return str_u64(number, UINT64_MAX, ret_start);
}

int pidfd_start_time(pid_t pid, uint64_t *ret)
{
	char path[64], text[1024];
	int r;

	str_print(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = file_read_small(AT_FDCWD, path, text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	return pidfd_parse_stat(text, ret);
}
