/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep of half-done work, and the collection of what nothing uses. */
#include "core/store/gc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/store/collect.h"
#include "core/store/trash.h"

#define HOUR_NS      (3600 * 1000000000ll)
#define PART_KEEP_NS (7 * 24 * HOUR_NS)

/* The folders where things are made under a temporary name. tmp/ is the first: all in it
 * is temporary. */
static const char *const places[] = { "tmp",     "layers",   "containers",
				      "volumes", "networks", "oci" };

typedef int gc_entry_fn(int dirfd, const char *name, void *arg);

static int each(const struct store *s, const char *place, gc_entry_fn *fn, void *arg)
{
	int fd = openat(s->data_fd, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!dir) {
		r = -errno;
		fd_close(fd);
		return r == -ENOENT ? 0 : r;
	}
	while (r == 0 && (de = readdir(dir)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			r = fn(fd, de->d_name, arg);
	closedir(dir);
	return r;
}

static bool older(int dirfd, const char *name, int64_t ns)
{
	struct stat st;

	return !fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       time_now() - (int64_t)st.st_mtime * 1000000000 > ns;
}

/* Whoever empties a piece of trash right now holds its lock. */
static bool being_removed(int dirfd, const char *name)
{
	autoclose int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
}

/* Locks tell who lives; the temporaries of file_replace have none, but live for moments.
 */
static bool abandoned(bool in_tmp, int dirfd, const char *name)
{
	if (str_starts(name, FILE_TEMP_PREFIX))
		return older(dirfd, name, HOUR_NS);
	if (in_tmp && str_starts(name, TRASH_PREFIX))
		return !being_removed(dirfd, name);
	if (in_tmp && str_ends(name, ".part") && !older(dirfd, name, PART_KEEP_NS))
		return false;
	return (in_tmp || str_starts(name, TRASH_TMP)) && trash_is_free(dirfd, name);
}

struct look {
	bool in_tmp;
	size_t found;
};

static int look_entry(int dirfd, const char *name, void *arg)
{
	struct look *l = arg;

	l->found += abandoned(l->in_tmp, dirfd, name);
	return 0;
}

int gc_pending(const struct store *s, size_t *ret_n, struct err *e)
{
	struct look l = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		l.in_tmp = i == 0;
		int r = each(s, places[i], look_entry, &l);
		if (r < 0)
			return err_code(e, r, "read '%s/%s'", s->data, places[i]);
	}
	*ret_n = l.found;
	return 0;
}

struct sweep {
	const struct store *store;
	bool in_tmp;
	int failed; /* the first -errno; the rest is swept nevertheless */
};

/* Locked before it is taken, so that one who is about to take it over looks again. */
static int sweep_entry(int dirfd, const char *name, void *arg)
{
	struct sweep *w = arg;
	int r;

	if (!abandoned(w->in_tmp, dirfd, name))
		return 0;
	if (w->in_tmp && str_starts(name, TRASH_PREFIX)) {
		autoclose int held = openat(
			dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (held >= 0 && flock(held, LOCK_EX | LOCK_NB))
			return 0;
		r = file_remove_tree(dirfd, name);
	} else {
		autoclose int fd = openat(dirfd, name,
					  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) ||
		    !trash_same(dirfd, name, fd))
			return 0;
		autofree char *trash = NULL;
		r = trash_move(w->store, dirfd, name, &trash);
		if (r == 0)
			r = file_remove_tree(w->store->tmp_fd, trash);
	}
	if (r < 0 && r != -ENOENT && w->failed == 0)
		w->failed = r;
	return 0;
}

int gc_sweep(const struct store *s, struct err *e)
{
	struct sweep w = { .store = s };

	/* tmp/ last: the others' folders go there first */
	for (size_t i = ARRAY_LEN(places); i-- > 0;) {
		w.in_tmp = i == 0;
		int r = each(s, places[i], sweep_entry, &w);
		if (r < 0 && w.failed == 0)
			w.failed = r;
	}
	return w.failed < 0 ? err_code(e, w.failed, "sweep '%s'", s->data) : 0;
}

int gc_lock(const struct store *s, bool exclusive, struct err *e)
{
	int fd = file_lock(s->data_fd, "gc.lock", exclusive, true);

	return fd < 0 ? err_code(e, fd, "lock '%s/gc.lock'", s->data) : fd;
}

int gc_collect(const struct store *s, const struct strv *keep_chains, uint64_t *ret_bytes,
	       struct err *e)
{
	return collect_unused(s, keep_chains, ret_bytes, e);
}
