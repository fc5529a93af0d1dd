/* SPDX-License-Identifier: Apache-2.0 */
/* Removing what builds keep. */
#include "core/engine/buildprune.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/engine/news.h"
#include "core/engine/realm.h"
#include "core/engine/untag.h"
#include "core/store/stepcache.h"
#include "core/store/trash.h"

#define CACHES "caches" /* as buildmount.c has it */

/* Whoever mounts it holds its lock. Its bytes are counted as far as they can be read. */
static int remove_cache(const struct store *s, int dirfd, const char *name,
			uint64_t *bytes)
{
	autoclose int dir =
		openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int lock = dir < 0 ? -1 : file_lock(dir, "lock", true, false);
	uint64_t size = 0;

	if (lock < 0)
		return 0;
	file_tree_size(dirfd, name, &size);
	*bytes += size;
	return trash_move(s, dirfd, name, NULL);
}

static int remove_caches(const struct store *s, uint64_t *bytes, struct err *e)
{
	autoclose int fd = stepcache_folder(s, CACHES, e);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!dir)
		return fd < 0 ? fd : err_sys(e, "read the caches");
	fd = -1;
	while (r == 0 && (de = readdir(dir)))
		if (de->d_name[0] != '.')
			r = remove_cache(s, dirfd(dir), de->d_name, bytes);
	closedir(dir);
	if (r < 0)
		return err_code(e, r, "remove a cache");
	return realm_sweep(s, e);
}

int buildprune_run(const struct store *s, const struct buildprune *how,
		   struct strv *ret_gone, uint64_t *ret_bytes, struct err *e)
{
	uint64_t bytes = 0, collected = 0;
	int r = stepcache_clear(s, how->until, ret_gone, e);

	if (r == 0 && how->caches)
		r = remove_caches(s, &bytes, e);
	if (r >= 0)
		r = untag_collect(s, &collected, e);
	if (r < 0)
		return r;
	*ret_bytes += bytes + collected;
	news_pruned(s, "builder", bytes + collected);
	return 0;
}
