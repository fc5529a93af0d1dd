/* SPDX-License-Identifier: Apache-2.0 */
/* The merged view. A position is the path of real folders walked so far plus the layers
 * in which that folder is visible; overlay without redirect_dir keeps one path in all
 * layers. */
#include "core/engine/rootview.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/path.h"
#include "core/base/str.h"

#define LINKS_MAX 40
#define OPAQUE    "user.overlay.opaque"
#define WHITEOUT  "user.overlay.whiteout"

struct view {
	const struct strv *layers;
	bool *visible;      /* of layers, at the current folder */
	struct strv walked; /* components of the current folder */
	struct strv left;   /* still to walk, last first */
	int links;
};

struct node {
	mode_t type; /* S_IFMT bits; 0: there is none */
	size_t layer;
};

static void view_done(struct view *v)
{
	free(v->visible);
	strv_done(&v->walked);
	strv_done(&v->left);
}

static void to_root(struct view *v)
{
	strv_reset(&v->walked);
	for (size_t i = 0; i < v->layers->len; i++)
		v->visible[i] = true;
}

/* Components of path, to be walked before what is left. */
static void push_path(struct view *v, const char *path)
{
	autostrv part = { 0 };

	strv_split(&part, path, '/');
	for (size_t i = part.len; i-- > 0;)
		if (*part.v[i] && !str_eq(part.v[i], "."))
			strv_add(&v->left, part.v[i]);
}

static char *place(const struct view *v, const char *name)
{
	autofree char *dir = strv_join(&v->walked, "/");

	return v->walked.len ? str_fmt("%s/%s", dir, name) : str_dup(name);
}

/* O_PATH of a place in one layer, no link followed; -ENOENT. */
static int open_place(const struct view *v, size_t layer, const char *path, int flags)
{
	autoclose int root = open(v->layers->v[layer], O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : path_open_beneath(root, path, flags, 0);
}

/* xattrs of an O_PATH descriptor are reached through /proc. */
static bool has_mark(int fd, const char *mark, char value)
{
	char path[32], text[8];

	str_print(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t n = getxattr(path, mark, text, sizeof(text));
	return n >= 0 && (!value || (n == 1 && text[0] == value));
}

static bool is_whiteout(int fd, const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev == makedev(0, 0);
	return S_ISREG(st->st_mode) && st->st_size == 0 && has_mark(fd, WHITEOUT, 0);
}

/* What name is in the current folder; for a folder, below: where it is visible. */
static int look(const struct view *v, const char *name, struct node *ret, bool *below)
{
	autofree char *path = place(v, name);

	*ret = (struct node){ 0 };
	memset(below, 0, v->layers->len * sizeof(*below));
	for (size_t i = 0; i < v->layers->len; i++) {
		struct stat st;
		if (!v->visible[i])
			continue;
		autoclose int fd = open_place(v, i, path, O_PATH | O_NOFOLLOW);
		if (fd == -ENOENT || fd == -ENOTDIR)
			continue;
		if (fd < 0)
			return fd;
		if (fstat(fd, &st))
			return -errno;
		if (is_whiteout(fd, &st))
			break;
		if (ret->type && !S_ISDIR(st.st_mode))
			break; /* hidden by the folder above it */
		if (!ret->type)
			*ret = (struct node){ .type = st.st_mode & S_IFMT, .layer = i };
		below[i] = S_ISDIR(st.st_mode);
		if (!below[i] || has_mark(fd, OPAQUE, 'y'))
			break;
	}
	return 0;
}

static int follow(struct view *v, const char *name, const struct node *n)
{
	char target[PATH_MAX];
	autofree char *path = place(v, name);
	autoclose int fd = open_place(v, n->layer, path, O_PATH | O_NOFOLLOW);

	if (fd < 0)
		return fd;
	if (++v->links > LINKS_MAX)
		return -ELOOP;
	ssize_t len = readlinkat(fd, "", target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	push_path(v, target);
	if (*target != '/')
		return 0;
	to_root(v);
	return 0;
}

/* The folder above: walked again from the root. */
static void go_up(struct view *v)
{
	for (size_t i = v->walked.len; i-- > 1;)
		strv_add(&v->left, v->walked.v[i - 1]);
	to_root(v);
}

/* Walks to the node that path names; *ret_path is where it really lies. */
static int walk(struct view *v, const char *path, struct node *ret, char **ret_path)
{
	autofree bool *below = mem_array(v->layers->len + 1, sizeof(*below));
	struct node n = { .type = S_IFDIR };
	int r;

	to_root(v);
	push_path(v, path);
	while (v->left.len) {
		autofree char *name = str_dup(v->left.v[v->left.len - 1]);
		strv_remove(&v->left, v->left.len - 1);
		if (str_eq(name, "..")) {
			go_up(v);
			n = (struct node){ .type = S_IFDIR };
			continue;
		}
		if ((r = look(v, name, &n, below)) < 0)
			return r;
		if (!n.type)
			return -ENOENT;
		if (S_ISLNK(n.type)) {
			if ((r = follow(v, name, &n)) < 0)
				return r;
			n = (struct node){ .type = S_IFDIR };
			continue;
		}
		if (!S_ISDIR(n.type) && v->left.len)
			return -ENOTDIR;
		if (!S_ISDIR(n.type)) {
			*ret_path = place(v, name);
			*ret = n;
			return 0;
		}
		strv_add(&v->walked, name);
		memcpy(v->visible, below, v->layers->len * sizeof(*below));
	}
	*ret = n;
	*ret_path = strv_join(&v->walked, "/");
	return 0;
}

static void view_init(struct view *v, const struct strv *layers)
{
	*v = (struct view){ .layers = layers };
	v->visible = mem_array(layers->len + 1, sizeof(*v->visible));
}

int rootview_read(const struct strv *layers, const char *path, size_t max,
		  struct buf *out, struct err *e)
{
	autodone(view_done) struct view v;
	autofree char *at = NULL;
	struct node n;

	view_init(&v, layers);
	int r = walk(&v, path, &n, &at);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0)
		return err_code(e, r, "read '%s' of the image", path);
	if (!S_ISREG(n.type))
		return err_set(e, -EINVAL, "'%s' of the image is not a regular file",
			       path);
	autoclose int fd = open_place(&v, n.layer, at,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_code(e, fd, "read '%s' of the image", path);
	r = file_read_fd(fd, max, out);
	return r < 0 ? err_code(e, r, "read '%s' of the image", path) : 0;
}

/* Anything but whiteouts in one layer's folder. */
static int folder_has_content(const struct view *v, size_t layer, const char *path)
{
	int fd = open_place(v, layer, *path ? path : ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int found = 0;

	if (!d) {
		fd_close(fd);
		return fd < 0 ? fd : -errno;
	}
	for (struct dirent *de; !found && (de = readdir(d));) {
		struct stat st;
		if (str_eq(de->d_name, ".") || str_eq(de->d_name, ".."))
			continue;
		autoclose int item =
			openat(fd, de->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		found = item >= 0 && !fstat(item, &st) && !is_whiteout(item, &st);
	}
	closedir(d);
	return found;
}

int rootview_has_content(const struct strv *layers, const char *path, struct err *e)
{
	autodone(view_done) struct view v;
	autofree char *at = NULL;
	struct node n;

	view_init(&v, layers);
	int r = walk(&v, path, &n, &at);
	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && !S_ISDIR(n.type)))
		return 0;
	/* A folder that only its owner in the container may read: it may have content. */
	for (size_t i = 0; r == 0 && i < layers->len; i++)
		if (v.visible[i] && (r = folder_has_content(&v, i, at)) == 1)
			return 1;
	if (r == -EACCES)
		return 1;
	return r < 0 ? err_code(e, r, "folder '%s' of the image", path) : 0;
}

/* Names in the current folder, of all layers in which it is visible; sorted, each once.
 */
static int list_names(const struct view *v, const char *path, struct strv *ret)
{
	for (size_t i = 0; i < v->layers->len; i++) {
		if (!v->visible[i])
			continue;
		int fd = open_place(v, i, *path ? path : ".", O_RDONLY | O_DIRECTORY);
		DIR *d = fd < 0 ? NULL : fdopendir(fd);
		if (!d) {
			fd_close(fd);
			return fd < 0 ? fd : -errno;
		}
		for (struct dirent *de; (de = readdir(d));)
			if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
				strv_add(ret, de->d_name);
		closedir(d);
	}
	strv_sort(ret);
	for (size_t i = ret->len; i-- > 1;)
		if (str_eq(ret->v[i], ret->v[i - 1]))
			strv_remove(ret, i);
	return 0;
}

struct tour {
	struct view view;
	size_t skip; /* components of the start */
	rootview_fn *fn;
	void *arg;
	struct err *e;
};

static int tour_node(struct tour *t, const char *name, size_t layer)
{
	autofree char *path =
		name ? place(&t->view, name) : strv_join(&t->view.walked, "/");
	autoclose int fd =
		open_place(&t->view, layer, *path ? path : ".", O_PATH | O_NOFOLLOW);
	const char *rel = path;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return err_code(t->e, fd < 0 ? fd : -errno, "'%s' of the image", path);
	for (size_t i = 0; i < t->skip; i++) {
		const char *slash = strchr(rel, '/');
		rel = slash ? slash + 1 : "";
	}
	return t->fn(t->arg, rel, fd, &st, t->e);
}

static int tour_folder(struct tour *t)
{
	struct view *v = &t->view;
	size_t n = v->layers->len;
	autofree bool *below = mem_array(n + 1, sizeof(*below));
	autofree char *path = strv_join(&v->walked, "/");
	autostrv names = { 0 };
	int r = list_names(v, path, &names);

	if (r < 0)
		return err_code(t->e, r, "folder '%s' of the image", path);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		struct node node;
		if ((r = look(v, names.v[i], &node, below)) < 0)
			return err_code(t->e, r, "'%s/%s' of the image", path,
					names.v[i]);
		if (!node.type)
			continue;
		r = tour_node(t, names.v[i], node.layer);
		if (r || !S_ISDIR(node.type))
			continue;
		autofree bool *kept = mem_dup(v->visible, n + 1);
		memcpy(v->visible, below, n);
		strv_add(&v->walked, names.v[i]);
		r = tour_folder(t);
		strv_remove(&v->walked, v->walked.len - 1);
		memcpy(v->visible, kept, n);
	}
	return r;
}

int rootview_walk(const struct strv *layers, const char *path, rootview_fn *fn, void *arg,
		  struct err *e)
{
	struct tour t = { .fn = fn, .arg = arg, .e = e };
	autofree char *at = NULL;
	struct node n = { 0 };
	size_t top = 0;

	view_init(&t.view, layers);
	int r = walk(&t.view, path, &n, &at);
	if (r == 0 && !S_ISDIR(n.type))
		r = -ENOENT;
	t.skip = t.view.walked.len;
	while (top < layers->len && !t.view.visible[top])
		top++;
	if (r < 0)
		err_code(e, r, "folder '%s' of the image", path);
	else if (top < layers->len && (r = tour_node(&t, NULL, top)) == 0)
		r = tour_folder(&t);
	view_done(&t.view);
	return r;
}
