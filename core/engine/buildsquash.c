/* SPDX-License-Identifier: Apache-2.0 */
/* Merging layers: each is laid over the base in turn, as unpacking them one after the
 * other would do; what the overlay's folder for changes then holds is the one layer. */
#include "core/engine/buildsquash.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/buildnode.h"
#include "core/engine/buildview.h"
#include "core/engine/ownership.h"
#include "core/ns/userns.h"

#define OPAQUE "user.overlay.opaque"

struct squash {
	struct buildview target;
	const struct store *store;
	const struct strv *layers; /* folders, lowest first */
	int root;
};

static int forget(const struct squash *s, const char *path)
{
	const char *name;
	autoclose int parent = path_open_parent_in(s->root, path, &name);
	int r = parent < 0 ? parent : file_remove_tree(parent, name);

	return r == -ENOENT ? 0 : r;
}

static bool is_opaque(const struct buildtree_node *n)
{
	char path[32], value;

	str_print(path, sizeof(path), "/proc/self/fd/%d", n->fd);
	return getxattr(path, OPAQUE, &value, 1) == 1 && value == 'y';
}

static int lay_folder(const struct squash *s, const char *path,
		      const struct buildtree_node *n)
{
	autoclose int there = path_open_beneath(s->root, path, O_PATH | O_DIRECTORY, 0);
	int r = there < 0 || is_opaque(n) ? forget(s, path) : 0;

	if (r < 0)
		return r;
	autoclose int fd = path_mkdirs_in(s->root, path, 0755, 0, 0);
	return fd < 0 ? fd : 0;
}

static int lay(void *arg, const struct buildtree_node *n, struct err *e)
{
	const struct squash *s = arg;
	autofree char *path = str_fmt("/%s", n->rel);
	int r;

	if (S_ISDIR(n->st.st_mode)) {
		if (n->leaving)
			return buildnode_dress(s->root, path, n, &n->st, e);
		r = *n->rel ? lay_folder(s, path, n) : 0;
	} else if (S_ISCHR(n->st.st_mode) && !n->st.st_rdev) {
		r = forget(s, path);
	} else {
		struct stat st;
		autoclose int old =
			path_open_beneath(s->root, path, O_PATH | O_NOFOLLOW, 0);
		r = old >= 0 && !fstat(old, &st) && S_ISDIR(st.st_mode) ? forget(s, path)
									: 0;
		if (r == 0)
			return buildnode_put(s->root, path, n, &n->st, e);
	}
	return r < 0 ? err_code(e, r, "squash '%s'", path) : 0;
}

static int child(void *arg, struct err *e)
{
	struct squash *s = arg;
	int r = ownership_enter(s->store, e);

	if (r == 0)
		r = buildview_enter(e);

	if (r < 0)
		return r;
	umask(0);
	s->root = buildview_open(&s->target, e);
	if (s->root < 0)
		return s->root;
	for (size_t i = 0; r >= 0 && i < s->layers->len; i++) {
		autoclose int fd =
			open(s->layers->v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		const struct buildtree t = { .root = fd, .path = "/", .literal = true };
		r = fd < 0 ? err_sys(e, "open '%s'", s->layers->v[i])
			   : buildtree_walk(&t, "", lay, s, e);
	}
	return r;
}

static int merge(struct buildjob *j, const struct strv *base, const struct strv *added,
		 struct compose *to, struct err *e)
{
	autofree char *scratch = buildjob_scratch(j, e);
	autodone(idmap_done) struct idmap uid = { 0 }, gid = { 0 };
	struct squash s = { .target = { .layers = base, .scratch = scratch },
			    .store = j->store,
			    .layers = added,
			    .root = -1 };
	int r;

	if (!scratch)
		return e->code;
	r = userns_call(j->realm.pidfd, CLONE_NEWUSER, child, &s, e);
	if (r < 0)
		return r;
	autofree char *path = str_fmt("%s/upper", scratch);
	autoclose int upper = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return err_sys(e, "open '%s'", path);
	if ((r = ownership_view(j->store, &j->realm, &uid, &gid, e)) < 0)
		return r;
	compose_ids(to, &uid, &gid);
	r = compose_add_upper(to, upper, NULL, e);
	compose_ids(to, NULL, NULL);
	return r;
}

int buildsquash_replay(struct buildjob *j, const struct buildjob_stage *from,
		       struct compose *to, struct err *e)
{
	autostrv all = { 0 }, base = { 0 }, added = { 0 };
	int r = 0;

	buildjob_layers(j, to, &base);
	buildjob_layers(j, from->compose, &all);
	for (size_t i = all.len - base.len; i > 0; i--)
		strv_add(&added, all.v[i - 1]);
	for (size_t i = 0; i < from->notes_len; i++)
		compose_note(to, from->notes[i].by, NULL);
	if (added.len)
		r = merge(j, &base, &added, to, e);
	if (r > 0)
		compose_note(to, "squashed", NULL);
	return r < 0 ? r : 0;
}
