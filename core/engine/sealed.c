/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed inner executable. */
#include "core/engine/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define PAGE 4096

/* Where the inner executable's bytes are: set once by main before anything reads it. NULL
 * in the inner executable itself. */
static const void *blob;
static unsigned long blob_len;

void sealed_set(const void *p, unsigned long n)
{
	blob = p;
	blob_len = n;
}

/* Before Linux 6.3 the flag is unknown, and every memfd may be executed. */
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
