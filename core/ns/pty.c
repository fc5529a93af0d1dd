/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals. */
#include "core/ns/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/fd.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
#define DEVPTS_MAGIC 0x1cd1
#define PTMX_MAJOR   5
#define PTMX_MINOR   2

int pty_open(int devpts_fd, int *ret_master, int *ret_slave, struct err *e)
{
	autoclose int master = -1, slave = -1;
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	if (fstatfs(devpts_fd, &fs) < 0)
		return err_sys(e, "look at the container's devpts");
	if (fs.f_type != DEVPTS_MAGIC)
		return err_set(e, -EINVAL, "the container's /dev/pts is no devpts");
	master = openat(devpts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (master < 0)
		return err_sys(e, "open a pseudo-terminal");
	if (fstat(master, &st) < 0 || !S_ISCHR(st.st_mode) ||
	    st.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR))
		return err_set(e, -EINVAL, "the container's ptmx is not the kernel's");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the pseudo-terminal");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(e, "open the pseudo-terminal's other side");
	*ret_master = TAKE_FD(master);
	*ret_slave = TAKE_FD(slave);
	return 0;
}

int pty_resize(int master, uint16_t rows, uint16_t cols)
{
	struct winsize w = { .ws_row = rows, .ws_col = cols };

	if (rows == 0 && cols == 0)
		return 0;
	return ioctl(master, TIOCSWINSZ, &w) < 0 ? -errno : 0;
}

int pty_adopt(int slave, bool control)
{
	if (control && ioctl(slave, TIOCSCTTY, 0) < 0)
		return -errno;
	for (int fd = 0; fd < 3; fd++) {
		if (dup2(slave, fd) < 0)
			return -errno;
	}
	return 0;
}
