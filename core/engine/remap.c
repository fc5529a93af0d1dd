/* SPDX-License-Identifier: Apache-2.0 */
/* Made under one lock for each map, in tmp/map-KEY, synced, then renamed into place one
 * by one: whoever waited for the lock finds them there. What a killed maker leaves is
 * swept as anything in tmp/ is. */
#include "core/engine/remap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/path.h"
#include "core/base/str.h"
#include "core/engine/maptree.h"
#include "core/engine/realm.h"
#include "core/ns/userns.h"
#include "core/runtime/rootfs.h"
#include "core/store/layer.h"
#include "core/store/trash.h"
#include "core/wire/hasher.h"

#define KEY_LEN   32
#define MAPS      "maps"
#define TREE      "tree"
#define META      "meta"
#define DIFF      "diff"
#define PROBE     "probe"
#define MADE_META 1
#define MERGED    "merged"

struct job {
	const struct store *s;
	const struct idmap *uid, *gid;
	const struct strv *layers;
	char key[KEY_LEN + 1];
	struct strv missing; /* of layers */
	int work;            /* tmp/map-KEY, locked */
	char *work_path;
	bool meta;
};

static void job_done(struct job *j)
{
	strv_done(&j->missing);
	fd_close(j->work);
	free(j->work_path);
}

static void make_key(struct job *j)
{
	autobuf text = { 0 };
	struct digest d;
	char hex[DIGEST_TEXT_MAX];

	idmap_text(j->uid, &text);
	buf_addc(&text, '/');
	idmap_text(j->gid, &text);
	hasher_of(text.data, text.len, &d);
	str_print(j->key, sizeof(j->key), "%s", digest_hex(hex, &d));
}

/* layers/CHAIN/maps/FORM-KEY/tree, malloc'd, of a layer's folder. */
static char *path_of(const struct job *j, const char *layer, const char *form)
{
	autofree char *folder = path_dir(layer);

	return str_fmt("%s/" MAPS "/%s-%s/" TREE, folder, form, j->key);
}

static bool is_there(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0;
}

/* The top layer's folder has the whole image's. */
static bool find_meta(const struct job *j, struct strv *ret)
{
	autofree char *path = path_of(j, j->layers->v[0], META);

	if (!is_there(path))
		return false;
	if (ret)
		strv_add(ret, path);
	return true;
}

/* What is to be made: nothing when a meta is there. */
static void find_missing(struct job *j)
{
	strv_reset(&j->missing);
	for (size_t i = 0; !find_meta(j, NULL) && i < j->layers->len; i++) {
		autofree char *path = path_of(j, j->layers->v[i], DIFF);

		if (!is_there(path) && !strv_has(&j->missing, j->layers->v[i]))
			strv_add(&j->missing, j->layers->v[i]);
	}
}

/* --- in the realm --------------------------------------------------------------------
 */

static int probe_files(const struct job *j)
{
	static const char *const folders[] = { PROBE, PROBE "/data", PROBE "/" META,
					       PROBE "/at" };

	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (mkdirat(j->work, folders[i], 0700))
			return -errno;
	return file_replace_nosync(j->work, PROBE "/data/f", "x", 1, 0600);
}

/* Does an overlay take a file's content from the layer? In a mount namespace of our own,
 * which the caller has made. */
static bool probe(const struct job *j)
{
	const struct maptree m = { .uid = j->uid, .gid = j->gid, .meta = true };
	autofree char *at = str_fmt("%s/" PROBE "/at", j->work_path);
	autostrv layers = { 0 }, data = { 0 };
	struct rootfs r = { .layers = &layers, .data = &data, .folder = at };
	char byte = 0;

	if (probe_files(j) < 0)
		return false;
	autoclose int from =
		openat(j->work, PROBE "/data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autoclose int to =
		openat(j->work, PROBE "/" META, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || to < 0 || maptree_copy(&m, from, to, NULL) < 0)
		return false;
	strv_addf(&layers, "%s/" PROBE "/" META, j->work_path);
	strv_addf(&data, "%s/" PROBE "/data", j->work_path);
	autoclose int root = rootfs_attach_by(&r, ROOTFS_LIST, NULL);
	autoclose int f = root < 0 ? -1 : openat(root, "f", O_RDONLY | O_CLOEXEC);
	if (f < 0 || fd_read(f, &byte, 1) != 1)
		byte = 0;
	f = fd_close(f);
	umount2(at, MNT_DETACH);
	return byte == 'x';
}

static int copy_to(const struct job *j, int from, const char *form, size_t i,
		   struct err *e)
{
	const struct maptree m = { .uid = j->uid,
				   .gid = j->gid,
				   .meta = str_eq(form, META) };
	autofree char *name = str_fmt("%zu", i);
	autoclose int folder = file_open_dir(j->work, name, true, 0700);
	autoclose int to = folder < 0 ? folder : file_open_dir(folder, TREE, true, 0700);

	if (to < 0)
		return err_code(e, to, "make a folder for the copy of a layer");
	return maptree_copy(&m, from, to, e);
}

static int copy_layers(const struct job *j, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < j->missing.len; i++) {
		autoclose int from =
			open(j->missing.v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		r = from < 0 ? err_sys(e, "open '%s'", j->missing.v[i])
			     : copy_to(j, from, DIFF, i, e);
	}
	return r;
}

/* The image as it is seen: the kernel takes content from a data-only layer only for the
 * lowest of the others, unless `metacopy` is on, which users may not have. */
static int copy_merged(const struct job *j, struct err *e)
{
	autofree char *at = str_fmt("%s/" MERGED, j->work_path);
	const struct rootfs r = { .layers = j->layers, .folder = at };
	int code;

	if (mkdirat(j->work, MERGED, 0700))
		return err_sys(e, "make '%s'", at);
	/* The kernel makes no overlay of one folder. */
	autoclose int from =
		j->layers->len == 1
			? open(j->layers->v[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			: rootfs_attach(&r, 0, e);
	if (from < 0)
		return e->code ? e->code : err_sys(e, "open '%s'", j->layers->v[0]);
	code = copy_to(j, from, META, 0, e);
	from = fd_close(from);
	umount2(at, MNT_DETACH);
	unlinkat(j->work, MERGED, AT_REMOVEDIR);
	return code;
}

static int copy_all(void *arg, struct err *e)
{
	const struct job *j = arg;
	bool meta;
	int r;

	umask(0);
	if (unshare(CLONE_NEWNS))
		return err_sys(e, "make a mount namespace");
	meta = probe(j);
	file_remove_tree(j->work, PROBE);
	if (!meta)
		return copy_layers(j, e);
	r = copy_merged(j, e);
	return r < 0 ? r : MADE_META;
}

/* --- outside -------------------------------------------------------------------------
 */

static int lock_work(struct job *j, struct err *e)
{
	autofree char *name = str_fmt("map-%s", j->key);
	bool made;
	int r;

	for (;;) {
		j->work = trash_lock_dir(j->s->tmp_fd, name, true, &made);
		if (j->work < 0)
			return err_code(e, j->work, "make a copy of the image's layers");
		if (made)
			break;
		/* A dead maker's. */
		r = trash_move(j->s, j->s->tmp_fd, name, NULL);
		j->work = fd_close(j->work);
		if (r < 0 && r != -ENOENT)
			return err_code(e, r, "remove '%s'", name);
	}
	j->work_path = str_fmt("%s/tmp/%s", j->s->data, name);
	return 0;
}

/* The folder around the tree is renamed: the tree may be another ID's. */
static int place(const struct job *j, const char *layer, const char *form, size_t i,
		 struct err *e)
{
	autofree char *name = str_fmt("%zu", i);
	autofree char *folder = path_dir(layer);
	autofree char *maps = str_fmt("%s/" MAPS, folder);
	autofree char *to_name = str_fmt("%s-%s", form, j->key);
	autoclose int to = file_open_dir(AT_FDCWD, maps, true, 0700);

	if (to < 0)
		return err_code(e, to, "make '%s'", maps);
	if (renameat2(j->work, name, to, to_name, RENAME_NOREPLACE) && errno != EEXIST)
		return err_sys(e, "store the copy of a layer");
	return 0;
}

static int make_missing(struct job *j, struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	autofree char *name = str_fmt("map-%s", j->key);
	int r = lock_work(j, e);

	if (r < 0)
		return r;
	find_missing(j);
	if (j->missing.len && (r = realm_open(j->s, &realm, e)) == 0) {
		int made = userns_call(realm.pidfd, CLONE_NEWUSER, copy_all, j, e);

		r = made < 0 ? made : layer_sync(j->s, e);
		if (r == 0 && made == MADE_META)
			r = place(j, j->layers->v[0], META, 0, e);
		for (size_t i = 0; r == 0 && made == 0 && i < j->missing.len; i++)
			r = place(j, j->missing.v[i], DIFF, i, e);
	}
	/* What a failure left is the realm's to remove. */
	if (unlinkat(j->s->tmp_fd, name, AT_REMOVEDIR))
		trash_move(j->s, j->s->tmp_fd, name, NULL);
	return r < 0 ? r : 0;
}

int remap_layers(const struct store *s, const struct idmap *uid, const struct idmap *gid,
		 const struct strv *layers, struct strv *ret, bool *ret_meta,
		 struct err *e)
{
	autodone(job_done) struct job j = {
		.s = s, .uid = uid, .gid = gid, .layers = layers, .work = -1
	};
	int r;

	make_key(&j);
	find_missing(&j);
	if (j.missing.len && (r = make_missing(&j, e)) < 0)
		return r;
	*ret_meta = find_meta(&j, ret);
	for (size_t i = 0; !*ret_meta && i < layers->len; i++)
		strv_push(ret, path_of(&j, layers->v[i], DIFF));
	return 0;
}
