/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums and copies of single files. */
#include "core/engine/buildnode.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/wire/hasher.h"

#define CHUNK      (32 * 1024)
#define XATTRS_MAX 65536
#define OVERLAY    "user.overlay."
#define CAPABILITY "security.capability"

static void proc_path(char dst[32], int fd)
{
	str_print(dst, 32, "/proc/self/fd/%d", fd);
}

static char *full(const struct buildtree_node *n)
{
	return *n->rel ? path_join(n->top, n->rel) : str_dup(n->top);
}

static int failed(const struct buildtree_node *n, int r, const char *verb, struct err *e)
{
	autofree char *path = full(n);

	return err_code(e, r, "%s '%s'", verb, path);
}

static int open_content(const struct buildtree_node *n)
{
	char path[32];
	int fd;

	proc_path(path, n->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

/* Attributes that a copy carries. */
static bool carried(const char *name)
{
	return (str_starts(name, "user.") && !str_starts(name, OVERLAY)) ||
	       str_eq(name, CAPABILITY);
}

typedef int xattr_fn(void *arg, const char *name, const void *value, size_t n);

static int each_xattr(const struct buildtree_node *n, xattr_fn *fn, void *arg)
{
	autofree char *names = NULL, *value = NULL;
	char path[32];
	int r = 0;

	proc_path(path, n->fd);
	/* Most files have none: no room is made for them. */
	ssize_t len = S_ISLNK(n->st.st_mode) ? 0 : listxattr(path, NULL, 0);
	if (len > 0) {
		names = mem_alloc(XATTRS_MAX);
		value = mem_alloc(XATTRS_MAX);
		len = listxattr(path, names, XATTRS_MAX);
	}
	if (len <= 0)
		return len == 0 || errno == ENOTSUP ? 0 : -errno;
	for (char *p = names; r == 0 && p < names + len; p += strlen(p) + 1) {
		if (!carried(p))
			continue;
		ssize_t k = getxattr(path, p, value, XATTRS_MAX);
		r = k < 0 ? -errno : fn(arg, p, value, (size_t)k);
	}
	return r;
}

/* --- checksums
 * ------------------------------------------------------------------------
 */

struct buildnode_sum {
	struct hasher *h;
};

struct buildnode_sum *buildnode_sum_new(void)
{
	struct buildnode_sum *s = mem_new(struct buildnode_sum);

	s->h = hasher_new(DIGEST_SHA256);
	return s;
}

/* With its NUL: no two lists of names give the same bytes. */
void buildnode_sum_name(struct buildnode_sum *s, const char *name)
{
	hasher_add(s->h, name, strlen(name) + 1);
}

static int sum_xattr(void *arg, const char *name, const void *value, size_t n)
{
	struct buildnode_sum *s = arg;
	char size[32];

	str_print(size, sizeof(size), "x%zu", n);
	buildnode_sum_name(s, name);
	buildnode_sum_name(s, size);
	hasher_add(s->h, value, n);
	return 0;
}

static int sum_content(struct buildnode_sum *s, const struct buildtree_node *n)
{
	autoclose int fd = open_content(n);
	uint8_t chunk[CHUNK];
	uint64_t size = 0;
	char text[32];
	ssize_t k;

	if (fd < 0)
		return fd;
	while ((k = fd_read(fd, chunk, CHUNK)) > 0) {
		hasher_add(s->h, chunk, (size_t)k);
		size += (uint64_t)k;
	}
	str_print(text, sizeof(text), "%llu", (unsigned long long)size);
	buildnode_sum_name(s, text);
	return (int)k;
}

int buildnode_sum_add(struct buildnode_sum *s, const struct buildtree_node *n,
		      const struct stat *st, struct err *e)
{
	char text[96], link[PATH_MAX];
	int r;

	str_print(text, sizeof(text), "%o %u %u", st->st_mode, st->st_uid, st->st_gid);
	buildnode_sum_name(s, n->rel);
	buildnode_sum_name(s, text);
	r = each_xattr(n, sum_xattr, s);
	if (r == 0 && S_ISREG(st->st_mode))
		r = sum_content(s, n);
	if (r == 0 && S_ISLNK(st->st_mode)) {
		ssize_t k = readlinkat(n->fd, "", link, sizeof(link) - 1);
		link[k > 0 ? k : 0] = 0;
		r = k < 0 ? -errno : 0;
		buildnode_sum_name(s, link);
	}
	return r < 0 ? failed(n, r, "read", e) : 0;
}

void buildnode_sum_finish(struct buildnode_sum *s, struct digest *ret)
{
	hasher_finish(s->h, ret);
	hasher_free(s->h);
	free(s);
}

/* --- copies
 * ---------------------------------------------------------------------------
 */

static int set_xattr(void *arg, const char *name, const void *value, size_t n)
{
	return setxattr(arg, name, value, n, 0) && errno != ENOTSUP && errno != EPERM
		       ? -errno
		       : 0;
}

/* Owner first: a change of owner takes set-id bits and capabilities away. */
static int finish(int fd, const struct buildtree_node *n, const struct stat *st)
{
	struct timespec times[2] = { n->st.st_mtim, n->st.st_mtim };
	char path[32];

	proc_path(path, fd);
	if (fchownat(fd, "", st->st_uid, st->st_gid, AT_EMPTY_PATH))
		return -errno;
	if (S_ISLNK(n->st.st_mode))
		return 0;
	if (chmod(path, st->st_mode & 07777))
		return -errno;
	int r = each_xattr(n, set_xattr, path);
	if (r < 0)
		return r;
	return utimensat(AT_FDCWD, path, times, 0) ? -errno : 0;
}

static int make_room(int parent, const char *name)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return unlinkat(parent, name, 0) ? -errno : 0;
}

static int put_regular(int parent, const char *name, const struct buildtree_node *n,
		       const struct stat *st)
{
	autoclose int in = open_content(n);

	if (in < 0)
		return in;
	autoclose int out = openat(
		parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	int64_t k = fd_copy(in, out, UINT64_MAX);
	return k < 0 ? (int)k : finish(out, n, st);
}

static int put_other(int parent, const char *name, const struct buildtree_node *n,
		     const struct stat *st)
{
	char link[PATH_MAX];

	if (S_ISLNK(n->st.st_mode)) {
		ssize_t k = readlinkat(n->fd, "", link, sizeof(link) - 1);
		if (k < 0)
			return -errno;
		link[k] = 0;
		if (symlinkat(link, parent, name))
			return -errno;
	} else if (mkfifoat(parent, name, 0600)) {
		return -errno;
	}
	autoclose int made = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return made < 0 ? -errno : finish(made, n, st);
}

int buildnode_put(int root, const char *path, const struct buildtree_node *n,
		  const struct stat *st, struct err *e)
{
	const char *name;
	int r;

	if (!S_ISREG(st->st_mode) && !S_ISLNK(st->st_mode) && !S_ISFIFO(st->st_mode))
		return 0;
	autoclose int parent = path_open_parent_in(root, path, &name);
	r = parent < 0 ? parent : make_room(parent, name);
	if (r == 0)
		r = S_ISREG(st->st_mode) ? put_regular(parent, name, n, st)
					 : put_other(parent, name, n, st);
	if (r == -EISDIR)
		return err_set(e, r, "cannot replace the folder '%s' with a file", path);
	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}

int buildnode_dress(int root, const char *path, const struct buildtree_node *n,
		    const struct stat *st, struct err *e)
{
	autoclose int fd = path_open_in(root, path, O_PATH | O_DIRECTORY, 0);
	int r = fd < 0 ? fd : finish(fd, n, st);

	return r < 0 ? err_code(e, r, "write '%s'", path) : 0;
}
