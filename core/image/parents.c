/* SPDX-License-Identifier: Apache-2.0 */
/* Implicit parent folders take the looks of those that they cover. */
#include "core/image/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/image/place.h"

#define OPEN_DIR   (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define XATTRS_MAX 65536

/* fd of the folder in one layer, or -ENOENT. *last: layers further down are hidden here.
 */
static int look(int diff, const char *path, bool *last)
{
	autoclose int at = openat(diff, ".", OPEN_DIR);
	char name[NAME_MAX + 1], y;

	while (at >= 0 && *path) {
		size_t n = strcspn(path, "/");
		if (n == 0 || n > NAME_MAX)
			return -EINVAL;
		memcpy(name, path, n);
		name[n] = 0;
		int next = openat(at, name, OPEN_DIR);
		if (next < 0) {
			*last |= errno !=
				 ENOENT; /* a file, a link or a whiteout covers it */
			return -ENOENT;
		}
		*last |= fgetxattr(next, "user.overlay.opaque", &y, 1) == 1;
		fd_close(at);
		at = next;
		path += n + (path[n] == '/');
	}
	return at < 0 ? -errno : TAKE_FD(at);
}

static void copy_xattrs(int from, int to)
{
	autofree char *names = mem_alloc(XATTRS_MAX), *value = mem_alloc(XATTRS_MAX);
	ssize_t n = flistxattr(from, names, XATTRS_MAX);

	for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1) {
		if (!str_starts(p, "user.") || str_starts(p, "user.overlay."))
			continue;
		ssize_t k = fgetxattr(from, p, value, XATTRS_MAX);
		if (k >= 0)
			(void)fsetxattr(to, p, value, (size_t)k, 0);
	}
}

static int fit(int from, int to)
{
	struct stat st;

	if (fstat(from, &st))
		return -errno;
	struct timespec times[2] = { st.st_mtim, st.st_mtim };
	if (fchown(to, st.st_uid, st.st_gid) || fchmod(to, st.st_mode & 07777))
		return -errno;
	copy_xattrs(from, to);
	return futimens(to, times) ? -errno : 0;
}

static int fit_one(const int *diffs, size_t n, const char *path)
{
	bool last = false;

	autoclose int to = path_open_beneath(diffs[n - 1], path, OPEN_DIR, 0);
	if (to < 0)
		return to == -ENOENT || to == -ENOTDIR
			       ? 0
			       : to; /* a later entry replaced it */
	for (size_t i = n - 1; i-- > 0 && !last;) {
		autoclose int from = look(diffs[i], path, &last);
		if (from >= 0)
			return fit(from, to);
		if (from != -ENOENT)
			return from;
	}
	return 0;
}

int parents_fit(const int *diffs, size_t n, const char *paths, size_t size, struct err *e)
{
	char clean[PLACE_MAX];

	for (const char *p = paths; p < paths + size; p += strlen(p) + 1) {
		int r = place_clean(clean, p);
		if (r == 0 && clean[0])
			r = fit_one(diffs, n, clean);
		if (r < 0)
			return err_code(e, r, "give '%s' the looks of the layers below",
					p);
	}
	return 0;
}
