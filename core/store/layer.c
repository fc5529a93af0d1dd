/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacked layers: made as layers/tmp-CHAIN, sealed, synced, then renamed into place. */
#include "core/store/layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/trash.h"
#include "core/wire/json.h"

#define LAYER_JSON_MAX 65536
#define NAME_SIZE      (DIGEST_TEXT_MAX + 8)

struct layer_maker {
	const struct store *store;
	char name[NAME_SIZE]; /* inside layers_fd */
	int fd, diff_fd;      /* fd carries the lock */
};

bool layer_has(const struct store *s, const struct digest *chain_id)
{
	char hex[DIGEST_TEXT_MAX];

	return faccessat(s->layers_fd, digest_hex(hex, chain_id), F_OK, 0) == 0;
}

static int get_digest(yyjson_val *obj, const char *key, struct digest *ret, struct err *e)
{
	const char *text = NULL;
	int r = json_get_str(obj, key, &text, e);

	if (r < 0 || !text)
		return r;
	r = digest_parse(text, ret);
	return r < 0 ? err_set(e, r, "'%s' is not a digest", key) : 0;
}

int layer_read(const struct store *s, const struct digest *chain_id, struct layer *ret,
	       struct err *e)
{
	char hex[DIGEST_TEXT_MAX], name[NAME_SIZE + 16];
	autojson *doc = NULL;
	struct layer l = { .chain_id = *chain_id };
	uint64_t uid = 0, gid = 0;
	int r;

	str_print(name, sizeof(name), "%s/layer.json", digest_hex(hex, chain_id));
	r = json_read(s->layers_fd, name, LAYER_JSON_MAX, &doc, e);
	if (r < 0)
		return err_wrap(e, "layer '%.12s'", hex);
	yyjson_val *root = yyjson_doc_get_root(doc);
	if ((r = get_digest(root, "diffID", &l.diff_id, e)) < 0 ||
	    (r = get_digest(root, "parent", &l.parent, e)) < 0 ||
	    (r = json_get_u64(root, "size", &l.size, e)) < 0 ||
	    (r = json_get_u64(root, "uidMax", &uid, e)) < 0 ||
	    (r = json_get_u64(root, "gidMax", &gid, e)) < 0)
		return err_wrap(e, "layer '%.12s'", hex);
	l.uid_max = (uint32_t)uid;
	l.gid_max = (uint32_t)gid;
	*ret = l;
	return 0;
}

char *layer_path(const struct store *s, const struct digest *chain_id)
{
	char hex[DIGEST_TEXT_MAX];

	return str_fmt("%s/layers/%s/diff", s->data, digest_hex(hex, chain_id));
}

/* A new, empty folder that is locked. A dead maker's leftover may hold files of
 * subordinate IDs, which cannot be removed here: it goes to the trash. */
static int lock_new(const struct store *s, const char *name, bool wait)
{
	for (;;) {
		bool made;
		autoclose int fd = trash_lock_dir(s->layers_fd, name, wait, &made);
		if (fd < 0)
			return fd;
		if (made)
			return TAKE_FD(fd);
		int r = trash_move(s, s->layers_fd, name, NULL);
		if (r < 0 && r != -ENOENT)
			return r;
	}
}

int layer_make(const struct store *s, const struct digest *chain_id, bool wait,
	       struct layer_maker **ret, struct err *e)
{
	char hex[DIGEST_TEXT_MAX], name[NAME_SIZE];

	str_print(name, sizeof(name), TRASH_TMP "%s", digest_hex(hex, chain_id));
	if (layer_has(s, chain_id)) {
		*ret = NULL;
		return 0;
	}
	autoclose int fd = lock_new(s, name, wait);
	if (fd < 0)
		return err_code(e, fd, "make layer '%.12s'", hex);
	if (layer_has(s, chain_id)) { /* finished while we waited */
		unlinkat(s->layers_fd, name, AT_REMOVEDIR);
		*ret = NULL;
		return 0;
	}
	autoclose int diff = file_open_dir(fd, "diff", true, 0755);
	if (diff < 0 || fchmod(diff, 0755))
		return err_code(e, diff < 0 ? diff : -errno, "make layer '%.12s'", hex);
	struct layer_maker *m = mem_new(struct layer_maker);
	m->store = s;
	str_copy(m->name, sizeof(m->name), name);
	m->fd = TAKE_FD(fd);
	m->diff_fd = TAKE_FD(diff);
	*ret = m;
	return 0;
}

int layer_dirfd(const struct layer_maker *m)
{
	return m->diff_fd;
}

int layer_folder(const struct layer_maker *m)
{
	return m->fd;
}

static void add_digest(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key,
		       const struct digest *d)
{
	char text[DIGEST_TEXT_MAX];

	if (digest_is_set(d))
		json_add_str(doc, obj, key, digest_text(text, d));
}

int layer_seal(struct layer_maker *m, const struct layer *l, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	add_digest(doc, root, "chainID", &l->chain_id);
	add_digest(doc, root, "diffID", &l->diff_id);
	add_digest(doc, root, "parent", &l->parent);
	yyjson_mut_obj_add_uint(doc, root, "size", l->size);
	yyjson_mut_obj_add_uint(doc, root, "uidMax", l->uid_max);
	yyjson_mut_obj_add_uint(doc, root, "gidMax", l->gid_max);
	int r = json_write(m->fd, "layer.json", doc, 0644, false, e);
	return r < 0 ? err_wrap(e, "write layer") : 0;
}

static void maker_free(struct layer_maker *m)
{
	fd_close(m->diff_fd);
	fd_close(m->fd);
	free(m);
}

int layer_commit(struct layer_maker *m, struct err *e)
{
	const char *hex = m->name + sizeof(TRASH_TMP) - 1;
	int dir = m->store->layers_fd;
	int r = 0;

	if (renameat2(dir, m->name, dir, hex, RENAME_NOREPLACE)) {
		r = err_sys(e, "store layer '%.12s'", hex);
		trash_move(m->store, dir, m->name, NULL);
	}
	maker_free(m);
	return r;
}

void layer_abort(struct layer_maker *m)
{
	if (!m)
		return;
	trash_move(m->store, m->store->layers_fd, m->name, NULL);
	maker_free(m);
}

int layer_sync(const struct store *s, struct err *e)
{
	return syncfs(s->data_fd) ? err_sys(e, "bring '%s' to the disk", s->data) : 0;
}

int layer_list(const struct store *s, struct strv *ret, struct err *e)
{
	autoclose int fd = openat(s->layers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!dir)
		return err_sys(e, "read '%s/layers'", s->data);
	fd = -1;
	while ((de = readdir(dir)))
		if (de->d_name[0] != '.' && !str_starts(de->d_name, TRASH_TMP))
			strv_add(ret, de->d_name);
	closedir(dir);
	strv_sort(ret);
	return 0;
}

int layer_remove(const struct store *s, const struct digest *chain_id, struct err *e)
{
	char hex[DIGEST_TEXT_MAX];
	int r = trash_move(s, s->layers_fd, digest_hex(hex, chain_id), NULL);

	return r < 0 ? err_code(e, r, "remove layer '%.12s'", hex) : 0;
}
