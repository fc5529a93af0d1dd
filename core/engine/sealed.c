// SPDX-License-Identifier: Apache-2.0
// The sealed inner executable, and starting detached processes from it.
#include "core/engine/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/spawn.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define PAGE     4096
#define FDS_MOST 16

// Where the inner executable's bytes are: set once by main before anything reads it. NULL
// in the inner executable itself.
static const void *blob;
static unsigned long blob_len;

void sealed_set(const void *p, unsigned long n)
{
	blob = p;
	blob_len = n;
}

// Before Linux 6.3 the flag is unknown, and every memfd may be executed.
static int make_memfd(void)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("rootless", flags | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("rootless", flags);
	return fd < 0 ? -errno : fd;
}

int sealed_open(struct err *e)
{
	if (!blob) {
		int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		return self < 0 ? err_sys(e, "open '/proc/self/exe'") : self;
	}
	autoclose int fd = make_memfd();
	if (fd < 0)
		return err_code(e, fd, "memfd for the inner executable");
	int r = fd_write_all(fd, blob, blob_len);
	if (r < 0)
		return err_code(e, r, "write the inner executable to a memfd");
	if (fchmod(fd, 0500) ||
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		return err_sys(e, "seal the inner executable");
	return TAKE_FD(fd);
}

bool sealed_same(int fd)
{
	char page[PAGE];
	struct stat st;

	return blob && !fstat(fd, &st) && (unsigned long)st.st_size == blob_len &&
	       pread(fd, page, PAGE, 0) == PAGE && !memcmp(page, blob, PAGE);
}

static void signals_as_new(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

// First out of the way of the wanted numbers, then into place.
static bool place_fds(const int *fds, size_t n, int *exe_fd)
{
	int high[FDS_MOST], room = 3 + FDS_MOST;

	for (size_t i = 0; i < n; i++)
		if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, room)) < 0)
			return false;
	if ((*exe_fd = fcntl(*exe_fd, F_DUPFD_CLOEXEC, room)) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (dup2(high[i], (int)(3 + i)) < 0)
			return false;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		if (null < 0 || dup2(null, i) < 0)
			return false;
	int keep[1 + FDS_MOST] = { *exe_fd };
	for (size_t i = 0; i < n; i++)
		keep[1 + i] = (int)(3 + i);
	return fd_close_except(3, keep, 1 + n) == 0;
}

static void become(const struct sealed_process *p)
{
	int exe_fd = p->exe_fd;

	if (setsid() < 0)
		_exit(1);
	pid_t pid = fork();
	if (pid)
		_exit(pid < 0);
	signals_as_new();
	if (chdir("/") || !place_fds(p->fds, p->fds_len, &exe_fd))
		_exit(1);
	syscall(SYS_execveat, exe_fd, "", p->argv, environ, AT_EMPTY_PATH);
	_exit(1);
}

int sealed_start(const struct sealed_process *p, struct err *e)
{
	if (p->fds_len > FDS_MOST)
		return err_set(e, -EINVAL, "start '%s': too many descriptors",
			       p->argv[0]);
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "start '%s': fork", p->argv[0]);
	if (!pid)
		become(p);
	int r = spawn_wait(pid);
	return r ? err_set(e, r < 0 ? r : -EAGAIN, "start '%s': fork failed", p->argv[0])
		 : 0;
}
