/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of the unpacking of layers (layerstream, extract, place, folders): a layer
 * into a folder beside which nothing may change. Checksums are made right as in tar.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Root of a namespace of its own, so that owners can be given at all. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	autofree char *uid = str_fmt("0 %u 1", geteuid());
	autofree char *gid = str_fmt("0 %u 1", getegid());

	if (geteuid() == 0 || unshare(CLONE_NEWUSER) < 0)
		return 0;
	(void)file_write_small(AT_FDCWD, "/proc/self/setgroups", "deny");
	(void)file_write_small(AT_FDCWD, "/proc/self/uid_map", uid);
	(void)file_write_small(AT_FDCWD, "/proc/self/gid_map", gid);
	return 0;
}

struct source {
	const uint8_t *p;
	size_t left;
};

static ssize_t give(void *arg, void *p, size_t n)
{
	struct source *s = arg;

	n = n < s->left ? n : s->left;
	if (n > 0)
		memcpy(p, s->p, n);
	s->p += n;
	s->left -= n;
	return (ssize_t)n;
}

static uint8_t *mended(const uint8_t *data, size_t size)
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

/* "victim" stands beside the layer's folder: what leads out would meet it. */
static void check_outside(int outer, const struct stat *before)
{
	struct stat now;

	if (fstatat(outer, "victim", &now, AT_SYMLINK_NOFOLLOW) ||
	    now.st_mode != before->st_mode || now.st_size != before->st_size ||
	    now.st_nlink != before->st_nlink ||
	    now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dir[64];
	autofree uint8_t *bytes = mended(data, size);
	struct source src = { bytes, size };
	struct unpack_result result = { 0 };
	struct err e = { 0 };
	struct stat before;

	if (!dir[0]) {
		str_copy(dir, sizeof(dir), "/tmp/rootless-fuzz-XXXXXX");
		if (!mkdtemp(dir))
			abort();
	}
	autoclose int outer = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_replace_nosync(outer, "victim", "x", 1, 0600);
	autoclose int inner = file_open_dir(outer, "layer", true, 0755);
	if (fstatat(outer, "victim", &before, 0) || inner < 0)
		abort();
	struct unpack_stream s = { give, &src, inner, 1 << 20, NULL, UINT32_MAX };
	int r = unpack_stream(&s, &result, &e);
	if (r < 0 && !e.text[0])
		abort();
	free(result.implicit);
	check_outside(outer, &before);
	if (file_remove_tree(outer, "layer") < 0)
		abort();
	return 0;
}
