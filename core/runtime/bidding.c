/* SPDX-License-Identifier: Apache-2.0 */
/* The fifo of a monitor. */
#include "core/runtime/bidding.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"

#define FIFO_NAME "control"
#define FIFO_MODE 0600

int bidding_open(int container_dirfd)
{
	int fd;

	/* It stays; what was in it went with the last monitor. */
	if (mkfifoat(container_dirfd, FIFO_NAME, FIFO_MODE) < 0 && errno != EEXIST)
		return -errno;
	/* For writing too, else each writer that leaves would be an end of file. */
	fd = openat(container_dirfd, FIFO_NAME, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int bidding_call(int container_dirfd, enum bidding_word word)
{
	autoclose int fd = openat(container_dirfd, FIFO_NAME,
				  O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char c = (char)word;

	if (fd < 0)
		return -errno;
	/* A full one has been written to: the monitor is about to read. */
	return write(fd, &c, 1) < 0 && errno != EAGAIN ? -errno : TAKE_FD(fd);
}

int bidding_send(int container_dirfd, enum bidding_word word)
{
	autoclose int fd = bidding_call(container_dirfd, word);

	return fd < 0 ? fd : 0;
}

int bidding_take(int control)
{
	char c = 0;

	return control >= 0 && fd_read(control, &c, 1) == 1 ? c : 0;
}
