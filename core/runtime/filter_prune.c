/* SPDX-License-Identifier: Apache-2.0 */
/* The bound of the cache of compiled filters. */
#include "core/runtime/filter.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

struct entry {
	char *name;
	struct timespec used;
};

struct entries {
	struct entry *v;
	size_t len;
};

static void entries_done(struct entries *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->v[i].name);
	free(l->v);
}

static int newer_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct entry *)a)->used;
	const struct timespec *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

/* The folder is not of filters alone. Temporaries count too: one that a crash left gets
 * old, one in the making is the newest. */
static bool is_ours(const char *name)
{
	return str_ends(name, FILTER_SUFFIX) || str_starts(name, FILE_TEMP_PREFIX);
}

static void list(DIR *dir, struct entries *ret)
{
	struct dirent *de;
	struct stat st;

	while ((de = readdir(dir))) {
		if (!is_ours(de->d_name) ||
		    fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		ret->v = mem_resize(ret->v, ret->len + 1, sizeof(*ret->v));
		ret->v[ret->len++] = (struct entry){ str_dup(de->d_name), st.st_mtim };
	}
}

void filter_prune(int cache_dirfd)
{
	autodone(entries_done) struct entries all = { 0 };
	int fd = openat(cache_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		fd_close(fd);
		return;
	}
	list(dir, &all);
	if (all.len > FILTER_CACHE_MAX) {
		qsort(all.v, all.len, sizeof(*all.v), newer_first);
		for (size_t i = FILTER_CACHE_MAX; i < all.len; i++)
			unlinkat(fd, all.v[i].name, 0);
	}
	closedir(dir);
}
