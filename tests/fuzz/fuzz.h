/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. A target feeds one parser and ends the process (must) when
 * what came of it breaks a promise; the sanitizers look after the rest. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(bool holds)
{
	if (!holds)
		abort();
}

/* A folder of the target's own (scripts/fuzz removes what is around it). */
static inline const char *fuzz_folder(void)
{
	static char dir[256];
	const char *tmp = getenv("TMPDIR");

	if (!dir[0]) {
		str_print(dir, sizeof(dir), "%s/fuzz-XXXXXX", tmp ? tmp : "/tmp");
		must(mkdtemp(dir) != NULL);
	}
	return dir;
}

static inline int fuzz_dirfd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(fuzz_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

static inline void fuzz_file(int dirfd, const char *name, const void *p, size_t n)
{
	autoclose int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && fd_write_all(fd, p, n) == 0);
}

/* A file in memory, read from its beginning; path: room for its name. */
static inline int fuzz_memory(const void *p, size_t n, char path[32])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && fd_write_all(fd, p, n) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	if (path)
		str_print(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* A copy of a tar stream whose headers have the right checksums, or no change would get
 * past them. */
static inline uint8_t *fuzz_mend_tar(const uint8_t *data, size_t size)
{
	uint8_t *copy = mem_alloc(size);

	if (size > 0)
		memcpy(copy, data, size);
	for (uint8_t *b = copy; size >= 512; b += 512, size -= 512) {
		unsigned sum = 0;

		if (memcmp(b + 257, "ustar", 5) != 0)
			continue;
		memset(b + 148, ' ', 8);
		for (int i = 0; i < 512; i++)
			sum += b[i];
		str_print((char *)b + 148, 7, "%06o", sum);
	}
	return copy;
}

#endif
