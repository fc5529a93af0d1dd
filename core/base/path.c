/* SPDX-License-Identifier: Apache-2.0 */
/* Paths: lexical work, and opening below a root that is not trusted.
 *
 * openat2(2) does the opening. Where it is missing, and for making folders, a walk does:
 * one component at a time on O_PATH | O_NOFOLLOW descriptors. A link's text is put in
 * front of what is left to walk. ".." is not asked of the kernel (a folder that is moved
 * while we stand in it would lead outside): the names walked so far are kept, the last is
 * dropped, and the walk starts again at the root. */
#include "core/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/strv.h"

#define LINKS_MAX  40
#define STEPS_MAX  65536
#define AGAIN_MAX  64
#define WALK_FLAGS (O_PATH | O_NOFOLLOW | O_CLOEXEC)

static bool no_openat2;

void path_without_openat2(bool on)
{
	no_openat2 = on;
}

/* --- lexical ------------------------------------------------------------------------ */

char *path_join(const char *a, const char *b)
{
	size_t n = strlen(a);

	while (n && a[n - 1] == '/')
		n--;
	while (*b == '/')
		b++;
	if (!*b)
		return n ? str_ndup(a, n) : str_dup(*a ? "/" : "");
	if (!*a)
		return str_dup(b);
	return str_fmt("%.*s/%s", (int)n, a, b);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return str_dup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? str_dup("/") : str_ndup(path, (size_t)(slash - path));
}

char *path_clean(const char *path)
{
	char *out = mem_alloc(strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	if (!len)
		out[len++] = '/';
	out[len] = 0;
	return out;
}

bool path_is_abs(const char *path)
{
	return path[0] == '/';
}

/* --- the walk ----------------------------------------------------------------------- */

struct walk {
	int root;         /* not owned */
	int at;           /* O_PATH; owned; -1: the root itself */
	struct strv done; /* names from root to at, none a link */
	char *text;       /* what is left, owned */
	const char *left; /* into text */
	int links;
	bool follow; /* false: any link is -ELOOP, ".." above the root is -EXDEV */
};

static void walk_init(struct walk *w, int root, const char *path, bool follow)
{
	memset(w, 0, sizeof(*w));
	w->root = root;
	w->at = -1;
	w->text = str_dup(path);
	w->left = w->text;
	w->follow = follow;
}

static void walk_done(struct walk *w)
{
	w->at = fd_close(w->at);
	strv_done(&w->done);
	free(w->text);
}

static int walk_at(const struct walk *w)
{
	return w->at >= 0 ? w->at : w->root;
}

static void walk_home(struct walk *w)
{
	w->at = fd_close(w->at);
	strv_reset(&w->done);
	while (*w->left == '/')
		w->left++;
}

/* Takes the next component into name; *ret_last: nothing, not even a slash, comes after.
 * False at the end. */
static bool walk_next(struct walk *w, char name[NAME_MAX + 1], bool *ret_last,
		      int *ret_err)
{
	size_t n;

	while (*w->left == '/')
		w->left++;
	n = strcspn(w->left, "/");
	*ret_err = n > NAME_MAX ? -ENAMETOOLONG : 0;
	if (!n || *ret_err < 0)
		return false;
	memcpy(name, w->left, n);
	name[n] = 0;
	w->left += n;
	*ret_last = !*w->left;
	return true;
}

/* Steps up: from the root again, along the names but the last. */
static int walk_up(struct walk *w)
{
	if (!w->done.len)
		return w->follow ? 0 : -EXDEV;
	strv_remove(&w->done, w->done.len - 1);
	w->at = fd_close(w->at);
	for (size_t i = 0; i < w->done.len; i++) {
		int next = openat(walk_at(w), w->done.v[i], WALK_FLAGS | O_DIRECTORY);

		if (next < 0)
			return errno == ENOTDIR ? -EAGAIN : -errno;
		fd_close(w->at);
		w->at = next;
	}
	return 0;
}

/* When name is a link: 1, and its text is what comes next. 0 when it is none (or
 * missing). */
static int walk_link(struct walk *w, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(walk_at(w), name, target, sizeof(target) - 1);
	char *text;

	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	if (!w->follow || ++w->links > LINKS_MAX)
		return -ELOOP;
	if (!n)
		return -ENOENT;
	target[n] = 0;
	if (strlen(target) + strlen(w->left) >= STEPS_MAX)
		return -ENAMETOOLONG;
	text = str_fmt("%s%s", target, w->left);
	free(w->text);
	w->text = text;
	w->left = text;
	if (target[0] == '/')
		walk_home(w);
	return 1;
}

static int walk_down(struct walk *w, const char *name)
{
	int next = openat(walk_at(w), name, WALK_FLAGS | O_DIRECTORY);

	if (next < 0)
		return -errno;
	fd_close(w->at);
	w->at = next;
	strv_add(&w->done, name);
	return 0;
}

/* Opens the last component: 1 when it was a link to walk on with, else fd or -errno.
 * ret_fd untouched on failure. */
static int walk_open(struct walk *w, const char *name, int flags, mode_t mode,
		     int *ret_fd)
{
	bool link_itself =
		(flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL));
	int r = 0, fd;

	if (!link_itself)
		r = walk_link(w, name);
	if (r != 0)
		return r;
	/* A link without O_PATH: -ELOOP. */
	fd = openat(walk_at(w), name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, mode);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int open_by_walk(struct walk *w, int flags, mode_t mode)
{
	char name[NAME_MAX + 1];
	bool last = false;
	int r = 0, fd = -1;

	while (walk_next(w, name, &last, &r)) {
		if (str_eq(name, "."))
			r = 0;
		else if (str_eq(name, ".."))
			r = walk_up(w);
		else if (last)
			r = walk_open(w, name, flags, mode, &fd);
		else if ((r = walk_link(w, name)) == 0)
			r = walk_down(w, name);
		if (r < 0 || fd >= 0)
			return r < 0 ? r : fd;
	}
	if (r < 0)
		return r;
	/* The path ended in "/", "." or "..": the folder we stand in. */
	fd = openat(walk_at(w), ".", flags | O_CLOEXEC | O_NOCTTY, mode);
	return fd < 0 ? -errno : fd;
}

/* --- opening ------------------------------------------------------------------------ */

/* -ENOSYS when the call is not there (or a seccomp filter of ours or another's says so).
 */
static int try_openat2(int rootfd, const char *path, struct open_how *how)
{
	long fd = -1;

	if (no_openat2)
		return -ENOSYS;
	/* EAGAIN: something was renamed meanwhile and ".." could not be proved inside. */
	for (int i = 0; i < AGAIN_MAX; i++) {
		fd = syscall(SYS_openat2, rootfd, path, how, sizeof(*how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	/* EPERM may be a filter's no: the walk will tell. */
	return errno == EPERM ? -ENOSYS : -errno;
}

static int open_below(int rootfd, const char *path, int flags, mode_t mode, bool follow)
{
	bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY),
		.mode = makes ? mode : 0,
		.resolve = follow ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
				  : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	autodone(walk_done) struct walk w = { .at = -1 };
	int fd;

	while (*path == '/')
		path++;
	if (!*path)
		path = ".";
	/* openat2 refuses flags that open(2) ignores beside O_PATH. */
	if (flags & O_PATH)
		how.flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	fd = try_openat2(rootfd, path, &how);
	if (fd != -ENOSYS)
		return fd;
	walk_init(&w, rootfd, path, follow);
	return open_by_walk(&w, flags, mode);
}

int path_open_in(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_below(rootfd, path, flags, mode, true);
}

int path_open_beneath(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_below(rootfd, path, flags, mode, false);
}

/* --- making ------------------------------------------------------------------------- */

struct maker {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* Makes name below at with the exact mode and owner; one made by another meanwhile is
 * left as it is. */
static int make_folder(int at, const char *name, const struct maker *m)
{
	autoclose int fd = -1;

	if (mkdirat(at, name, 0700) < 0)
		return errno == EEXIST ? 0 : -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (m->uid != (uid_t)-1 && fchown(fd, m->uid, m->gid) < 0)
		return -errno;
	return fchmod(fd, m->mode) < 0 ? -errno : 0;
}

int path_mkdirs_in(int rootfd, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	const struct maker maker = { mode, uid, gid };
	autodone(walk_done) struct walk w = { .at = -1 };
	char name[NAME_MAX + 1];
	bool last;
	int r = 0;

	walk_init(&w, rootfd, path, true);
	while (walk_next(&w, name, &last, &r)) {
		if (str_eq(name, ".")) {
			continue;
		} else if (str_eq(name, "..")) {
			r = walk_up(&w);
		} else if ((r = walk_link(&w, name)) == 0) {
			r = walk_down(&w, name);
			if (r == -ENOENT) {
				r = make_folder(walk_at(&w), name, &maker);
				if (r == 0)
					r = walk_down(&w, name);
			}
		}
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	if (w.at >= 0)
		return TAKE_FD(w.at);
	r = openat(rootfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int path_open_parent_in(int rootfd, const char *path, const char **ret_name)
{
	const char *name = path_base(path);
	autofree char *parent = NULL;
	int fd;

	if (!*name || str_eq(name, ".") || str_eq(name, ".."))
		return -EINVAL;
	parent = str_ndup(path, (size_t)(name - path));
	fd = path_open_in(rootfd, parent, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}
