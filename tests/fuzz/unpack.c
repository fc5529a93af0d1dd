/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of the unpacking of layers (layerstream, extract, place, folders): a layer
 * into a folder beside which nothing may change. */
#include <sched.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/image/unpack.h"
#include "tests/fuzz/fuzz.h"

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

/* "victim" stands beside the layer's folder: what leads out would meet it. */
static void check_outside(int outer, const struct stat *before)
{
	struct stat now;

	must(!fstatat(outer, "victim", &now, AT_SYMLINK_NOFOLLOW) &&
	     now.st_mode == before->st_mode && now.st_size == before->st_size &&
	     now.st_nlink == before->st_nlink &&
	     now.st_mtim.tv_nsec == before->st_mtim.tv_nsec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree uint8_t *bytes = fuzz_mend_tar(data, size);
	struct source src = { bytes, size };
	struct unpack_result result = { 0 };
	struct err e = { 0 };
	struct stat before;

	int outer = fuzz_dirfd();
	file_replace_nosync(outer, "victim", "x", 1, 0600);
	autoclose int inner = file_open_dir(outer, "layer", true, 0755);
	must(!fstatat(outer, "victim", &before, 0) && inner >= 0);
	const struct unpack_owners all = { .uids = UINT32_MAX, .gids = UINT32_MAX };
	struct unpack_stream s = { give, &src, inner, 1 << 20, NULL, all };
	int r = unpack_stream(&s, &result, &e);
	must(r >= 0 || e.text[0]);
	free(result.implicit);
	check_outside(outer, &before);
	must(file_remove_tree(outer, "layer") == 0);
	return 0;
}
