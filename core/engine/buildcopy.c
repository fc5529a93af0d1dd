/* SPDX-License-Identifier: Apache-2.0 */
/* Copying into a layer. All of it happens in a child that has joined the realm and made a
 * mount namespace: the sources are one descriptor each, the target is the root of an
 * overlay whose changes land in the step's own folder. Paths in the target are resolved
 * inside of it (RESOLVE_IN_ROOT), so a link of the image leads nowhere else. */
#include "core/engine/buildcopy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildnode.h"
#include "core/engine/modespec.h"
#include "core/engine/ownership.h"
#include "core/engine/tarout.h"
#include "core/ns/userns.h"

/* --- in the child ---------------------------------------------------------------------
 */

struct work {
	const struct buildcopy *c;
	int (*fn)(struct work *w, struct err *e);
	int target; /* root, or -1 */
	struct buildnode_sum *sum;
	/* the source at hand */
	const struct buildcopy_source *from;
	char *base; /* where the match goes: path in the target */
	bool top_is_new;
	unsigned files; /* that went to the target's own name */
	int out;        /* pipe for the digest */
	const struct buildview *view;
	const char *upper;
	const struct strv *paths;
};

static int open_source(const struct buildcopy *c, const struct buildcopy_source *s,
		       struct err *e)
{
	const struct buildview v = { .layers = s->layers, .scratch = c->source_scratch };

	if (s->fd < 0)
		return buildview_look(&v, e);
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? err_sys(e, "open the source") : fd;
}

/* Each match of each source: w->from and the tree are set, fn does the rest. */
typedef int match_fn(struct work *w, const struct buildtree *t, const char *match,
		     struct err *e);

static int each_match(struct work *w, match_fn *fn, struct err *e)
{
	const struct buildcopy *c = w->c;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->sources_len; i++) {
		autostrv matches = { 0 };
		w->from = &c->sources[i];
		autoclose int root = open_source(c, w->from, e);
		if (root < 0)
			return root;
		const struct buildtree t = { .root = root,
					     .path = w->from->path,
					     .literal = w->from->literal,
					     .deep = c->parents,
					     .ignore =
						     w->from->context ? c->ignore : NULL,
					     .exclude = c->exclude };
		r = buildtree_match(&t, &matches, e);
		for (size_t k = 0; r >= 0 && k < matches.len; k++)
			r = fn(w, &t, matches.v[k], e);
	}
	return r;
}

/* What owner and mode a node gets. */
static void dress(const struct work *w, const struct buildtree_node *n, struct stat *st)
{
	const struct buildcopy *c = w->c;

	*st = n->st;
	if (w->from->context || (w->from->fd >= 0 && !w->from->keep_owner))
		st->st_uid = st->st_gid = 0;
	if (c->uid >= 0)
		st->st_uid = (uid_t)c->uid;
	if (c->gid >= 0)
		st->st_gid = (gid_t)c->gid;
	mode_t mode;
	if (c->mode && modespec_apply(c->mode, st->st_mode, &mode) == 0)
		st->st_mode = (st->st_mode & S_IFMT) | mode;
}

static int sum_node(void *arg, const struct buildtree_node *n, struct err *e)
{
	struct work *w = arg;
	struct stat st;

	if (n->leaving)
		return 0;
	dress(w, n, &st);
	return buildnode_sum_add(w->sum, n, &st, e);
}

static int sum_match(struct work *w, const struct buildtree *t, const char *match,
		     struct err *e)
{
	buildnode_sum_name(w->sum, match);
	return buildtree_walk(t, match, sum_node, w, e);
}

static int do_sum(struct work *w, struct err *e)
{
	struct digest d;
	int r;

	w->sum = buildnode_sum_new();
	r = each_match(w, sum_match, e);
	buildnode_sum_finish(w->sum, &d);
	if (r < 0)
		return r;
	return fd_write_all(w->out, &d, sizeof(d)) < 0 ? err_sys(e, "answer") : 0;
}

static bool is_folder(int root, const char *path)
{
	autoclose int fd = path_open_in(root, path, O_PATH | O_DIRECTORY, 0);

	return fd >= 0;
}

/* Folders that no source has belong to whom --chown names. */
static int make_folder(const struct work *w, const char *path, struct err *e)
{
	const struct buildcopy *c = w->c;
	autoclose int fd =
		path_mkdirs_in(w->target, path, 0755, c->uid < 0 ? 0 : (uid_t)c->uid,
			       c->gid < 0 ? 0 : (gid_t)c->gid);

	return fd < 0 ? err_code(e, fd, "make '%s'", path) : 0;
}

static int make_parent(const struct work *w, const char *path, struct err *e)
{
	autofree char *parent = path_dir(path);

	return make_folder(w, parent, e);
}

static int copy_node(void *arg, const struct buildtree_node *n, struct err *e)
{
	struct work *w = arg;
	autofree char *path = *n->rel ? path_join(w->base, n->rel) : str_dup(w->base);
	struct stat st;

	dress(w, n, &st);
	if (!S_ISDIR(st.st_mode)) {
		/* Of a folder that is left out, yet has something that is not. */
		if (make_parent(w, path, e) < 0)
			return e->code;
		return buildnode_put(w->target, path, n, &st, e);
	}
	if (n->leaving)
		/* A folder that was there keeps what it has, but for those below it. */
		return *n->rel || w->top_is_new
			       ? buildnode_dress(w->target, path, n, &st, e)
			       : 0;
	if (!*n->rel)
		w->top_is_new = !is_folder(w->target, path);
	return make_folder(w, path, e);
}

/* The source's own path below the target; what is before "/./" is left out. */
static const char *parents_path(const char *written, const char *match)
{
	const char *pivot = strstr(written, "/./");
	autofree char *cut = str_ndup(written, pivot ? (size_t)(pivot - written) : 0);
	autofree char *clean = path_clean(cut);
	size_t n = strlen(clean + 1);

	return pivot && n && !strncmp(match, clean + 1, n) && match[n] == '/'
		       ? match + n + 1
		       : match;
}

static int copy_match(struct work *w, const struct buildtree *t, const char *match,
		      struct err *e)
{
	const struct buildcopy *c = w->c;
	autoclose int fd = path_open_in(t->root, *match ? match : ".", O_PATH, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_sys(e, "read '%s'", match);
	autofree char *base = NULL;
	if (c->parents)
		base = path_join(c->path, parents_path(w->from->path, match));
	else if (!S_ISDIR(st.st_mode) && (c->folder || is_folder(w->target, c->path)))
		base = path_join(c->path, path_base(match));
	else
		base = str_dup(c->path);
	if (!S_ISDIR(st.st_mode) && str_eq(base, c->path) && w->files++)
		return err_set(e, -EINVAL,
			       "with more than one source file the destination must be a "
			       "directory and end with a /");
	w->base = base;
	return buildtree_walk(t, match, copy_node, w, e);
}

static int do_copy(struct work *w, struct err *e)
{
	w->target = buildview_open(&w->c->target, e);
	return w->target < 0 ? w->target : each_match(w, copy_match, e);
}

static int do_mkdir(struct work *w, struct err *e)
{
	w->target = buildview_open(&w->c->target, e);
	if (w->target < 0)
		return w->target;
	if (is_folder(w->target, w->c->path))
		return 0;
	int r = make_folder(w, w->c->path, e);
	return r < 0 ? r : 1;
}

static bool remove_stub(int upper, int below, const char *path)
{
	const char *name;
	struct stat st;
	autoclose int parent = path_open_parent_in(upper, path, &name);
	autoclose int there = path_open_in(below, path, O_PATH | O_NOFOLLOW, 0);

	if (parent < 0 || there >= 0 || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	if (S_ISDIR(st.st_mode))
		return !unlinkat(parent, name, AT_REMOVEDIR);
	return S_ISREG(st.st_mode) && !st.st_size && !unlinkat(parent, name, 0);
}

static int do_clean(struct work *w, struct err *e)
{
	autoclose int upper = open(w->upper, O_PATH | O_DIRECTORY | O_CLOEXEC);
	autoclose int below = buildview_look(w->view, e);

	if (below < 0)
		return below;
	if (upper < 0)
		return err_sys(e, "open '%s'", w->upper);
	for (size_t i = 0; i < w->paths->len; i++) {
		autofree char *at = path_clean(w->paths->v[i]);
		/* Then the folders that were made above it. */
		while (at[1] && remove_stub(upper, below, at)) {
			char *up = path_dir(at);
			free(at);
			at = up;
		}
	}
	return 0;
}

/* The first source's tree, as it is, into another folder than a layer's. */
static int do_out(struct work *w, struct err *e)
{
	w->target = w->out;
	w->out = -1;
	return each_match(w, copy_match, e);
}

static int write_out(void *arg, const void *p, size_t n)
{
	return fd_write_all(*(int *)arg, p, n);
}

static int do_tar(struct work *w, struct err *e)
{
	autoclose int root = open_source(w->c, &w->c->sources[0], e);
	const struct tarout o = { .root = root, .path = "/", .name = "" };

	return root < 0 ? root : tarout_write(&o, write_out, &w->out, e);
}

static int child(void *arg, struct err *e)
{
	struct work *w = arg;
	int r = w->c ? ownership_enter(w->c->store, e) : 0;

	if (r == 0)
		r = buildview_enter(e);
	if (r < 0)
		return r;
	umask(0);
	return w->fn(w, e);
}

/* --- outside --------------------------------------------------------------------------
 */

int buildcopy_sum(const struct buildcopy *c, struct digest *ret, struct err *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return err_sys(e, "make a pipe");
	autoclose int in = p[0], out = p[1];
	struct work w = { .c = c, .fn = do_sum, .target = -1, .out = out };
	struct digest d;
	int r = userns_call(c->realm_pidfd, CLONE_NEWUSER, child, &w, e);
	if (r < 0)
		return r;
	if (fd_read_full(in, &d, sizeof(d)) != sizeof(d))
		return err_set(e, -EIO, "a process in the realm gave no answer");
	*ret = d;
	return 0;
}

static int call(const struct buildcopy *c, int (*fn)(struct work *, struct err *),
		struct err *e)
{
	struct work w = { .c = c, .fn = fn, .target = -1, .out = -1 };

	return userns_call(c->realm_pidfd, CLONE_NEWUSER, child, &w, e);
}

int buildcopy_run(const struct buildcopy *c, struct err *e)
{
	return call(c, do_copy, e);
}

int buildcopy_mkdir(const struct buildcopy *c, struct err *e)
{
	return call(c, do_mkdir, e);
}

int buildcopy_clean(int realm_pidfd, const struct buildview *v, const char *upper,
		    const struct strv *paths, struct err *e)
{
	struct work w = { .fn = do_clean,
			  .target = -1,
			  .out = -1,
			  .view = v,
			  .upper = upper,
			  .paths = paths };

	return userns_call(realm_pidfd, CLONE_NEWUSER, child, &w, e);
}

int buildcopy_tar(const struct buildcopy *c, int fd, struct err *e)
{
	struct work w = { .c = c, .fn = do_tar, .target = -1, .out = fd };

	return userns_call(c->realm_pidfd, CLONE_NEWUSER, child, &w, e);
}

int buildcopy_out(const struct buildcopy *c, int dirfd, struct err *e)
{
	struct work w = { .c = c, .fn = do_out, .target = -1, .out = dirfd };

	return userns_call(c->realm_pidfd, CLONE_NEWUSER, child, &w, e);
}
