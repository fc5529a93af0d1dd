/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the sources of a copy. */
#include "core/engine/buildtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define DEPTH_MAX   200
#define MATCHES_MAX 100000

static char *join(const char *a, const char *b)
{
	return *a && *b ? str_fmt("%s/%s", a, b) : str_dup(*a ? a : b);
}

/* Names of the folder that fd (O_PATH) is, sorted. */
static int list(int fd, struct strv *ret)
{
	autoclose int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;

	if (!dir)
		return -errno;
	own = -1;
	while ((de = readdir(dir)))
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			strv_add(ret, de->d_name);
	closedir(dir);
	strv_sort(ret);
	return 0;
}

/* --- patterns -------------------------------------------------------------------------
 */

/* The folder at path and all below it. */
static int add_folders(const struct buildtree *t, const char *path, struct strv *to)
{
	autoclose int fd = path_open_in(t->root, *path ? path : ".",
					O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	autostrv names = { 0 };
	int r = 0;

	if (fd < 0)
		return 0;
	if (to->len > MATCHES_MAX)
		return -E2BIG;
	strv_add(to, path);
	if ((r = list(fd, &names)) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		autofree char *below = join(path, names.v[i]);
		r = add_folders(t, below, to);
	}
	return r;
}

/* From the matches of one component to those of the next. */
static int match_component(const struct buildtree *t, const struct strv *from,
			   const char *pattern, struct strv *to)
{
	for (size_t i = 0; i < from->len; i++) {
		autostrv names = { 0 };
		if (t->deep && str_eq(pattern, "**")) {
			int k = add_folders(t, from->v[i], to);
			if (k < 0)
				return k;
			continue;
		}
		if (t->literal || !dockerignore_is_pattern(pattern)) {
			strv_push(to, join(from->v[i], pattern));
			continue;
		}
		autoclose int fd = path_open_in(t->root, *from->v[i] ? from->v[i] : ".",
						O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			continue;
		int r = list(fd, &names);
		if (r < 0)
			return r;
		for (size_t k = 0; k < names.len; k++)
			if (dockerignore_match(pattern, names.v[k]))
				strv_push(to, join(from->v[i], names.v[k]));
		if (to->len > MATCHES_MAX)
			return -E2BIG;
	}
	return 0;
}

static bool left_out(const struct buildtree *t, const char *path, bool folder)
{
	/* A folder that is left out may have content that is not. */
	return t->ignore && *path && dockerignore_has(t->ignore, path) &&
	       !(folder && t->ignore->exceptions);
}

static bool is_there(const struct buildtree *t, const char *path)
{
	autoclose int fd = path_open_in(t->root, *path ? path : ".", O_PATH, 0);
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && !left_out(t, path, S_ISDIR(st.st_mode));
}

int buildtree_match(const struct buildtree *t, struct strv *ret, struct err *e)
{
	autofree char *clean = path_clean(t->path);
	autostrv parts = { 0 }, found = { 0 };
	size_t before = ret->len;
	int r = 0;

	strv_add(&found, "");
	strv_split(&parts, clean + 1, '/');
	for (size_t i = 0; r == 0 && i < parts.len && *parts.v[i]; i++) {
		autostrv next = { 0 };
		r = match_component(t, &found, parts.v[i], &next);
		strv_reset(&found);
		strv_addv(&found, strv_view(&next));
	}
	if (r < 0)
		return err_code(e, r, "'%s'", t->path);
	for (size_t i = 0; i < found.len; i++)
		if (is_there(t, found.v[i]))
			strv_add(ret, found.v[i]);
	return ret->len > before ? 0 : err_set(e, -ENOENT, "'%s': not found", t->path);
}

/* --- walking --------------------------------------------------------------------------
 */

struct walk {
	const struct buildtree *t;
	const char *top;
	buildtree_fn *fn;
	void *arg;
	int depth;
};

static int visit(struct walk *w, int fd, const char *rel, struct err *e);

static int failed(const struct walk *w, const char *rel, int r, struct err *e)
{
	autofree char *path = join(w->top, rel);

	return err_code(e, r, "read '%s'", path);
}

static bool excluded(const struct walk *w, const char *rel, const struct stat *st)
{
	const struct dockerignore *x = w->t->exclude;
	const char *name = *rel ? rel : S_ISDIR(st->st_mode) ? "" : path_base(w->top);

	return x && *name && dockerignore_has(x, name) &&
	       !(S_ISDIR(st->st_mode) && x->exceptions);
}

static int visit_content(struct walk *w, int fd, const char *rel, struct err *e)
{
	autostrv names = { 0 };
	int r = list(fd, &names);

	if (r < 0)
		return failed(w, rel, r, e);
	if (++w->depth > DEPTH_MAX)
		return failed(w, rel, -ELOOP, e);
	for (size_t i = 0; r >= 0 && i < names.len; i++) {
		autofree char *path = join(rel, names.v[i]);
		autoclose int child =
			openat(fd, names.v[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && errno != ENOENT)
			return failed(w, path, -errno, e);
		r = child < 0 ? 0 : visit(w, child, path, e);
	}
	w->depth--;
	return r;
}

static int visit(struct walk *w, int fd, const char *rel, struct err *e)
{
	struct buildtree_node n = { .top = w->top, .rel = rel, .fd = fd };
	autofree char *path = join(w->top, rel);
	bool skip;
	int r = 0;

	if (fstat(fd, &n.st))
		return failed(w, rel, -errno, e);
	bool folder = S_ISDIR(n.st.st_mode);
	if (left_out(w->t, path, folder) || excluded(w, rel, &n.st))
		return 0;
	/* Only on the way to something that is not left out: as it comes. */
	skip = w->t->ignore && *path && dockerignore_has(w->t->ignore, path);
	if (!skip)
		r = w->fn(w->arg, &n, e);
	if (r < 0 || !folder)
		return r;
	r = visit_content(w, fd, rel, e);
	if (r < 0 || skip)
		return r;
	n.leaving = true;
	return w->fn(w->arg, &n, e);
}

int buildtree_walk(const struct buildtree *t, const char *match, buildtree_fn *fn,
		   void *arg, struct err *e)
{
	struct walk w = { .t = t, .top = match, .fn = fn, .arg = arg };
	autoclose int fd = path_open_in(t->root, *match ? match : ".", O_PATH, 0);

	return fd < 0 ? failed(&w, "", fd, e) : visit(&w, fd, "", e);
}
