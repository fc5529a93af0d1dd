/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes on disk. */
#include "core/engine/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/copyup.h"
#include "core/engine/rootview.h"
#include "core/engine/volumeopt.h"
#include "core/ns/userns.h"
#include "core/store/journal.h"
#include "core/store/record.h"

#define ANONYMOUS "com.docker.volume.anonymous"

char *volume_path(const struct store *s, const char *name)
{
	return str_fmt("%s/volumes/%s/_data", s->data, name);
}

static int open_parent(const struct store *s, struct err *e)
{
	int fd = file_open_dir(s->data_fd, "volumes", true, 0700);

	return fd < 0 ? err_code(e, fd, "open '%s/volumes'", s->data) : fd;
}

static void add_sorted(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *key,
		       const struct strv *map)
{
	autostrv sorted = { 0 };

	strv_addv(&sorted, strv_view(map));
	strv_sort(&sorted);
	json_add_map(doc, root, key, &sorted);
}

static yyjson_mut_doc *describe(const struct store *s, const struct volume_want *m,
				const char *name)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	autofree char *path = volume_path(s, name);
	char stamp[TIME_STAMP_MAX];

	yyjson_mut_doc_set_root(doc, root);
	/* To the second, as docker has it. */
	json_add_str(doc, root, "CreatedAt",
		     time_stamp(stamp, time_now() / 1000000000 * 1000000000));
	json_add_str(doc, root, "Driver", "local");
	if (m->labels && m->labels->len)
		add_sorted(doc, root, "Labels", m->labels);
	else if (m->name)
		yyjson_mut_obj_add_null(doc, root, "Labels");
	if (!m->name) {
		yyjson_mut_val *labels = yyjson_mut_obj_get(root, "Labels");
		json_add_str(doc, labels ? labels : json_add_obj(doc, root, "Labels"),
			     ANONYMOUS, "");
	}
	json_add_str(doc, root, "Mountpoint", path);
	json_add_str(doc, root, "Name", name);
	if (m->options && m->options->len)
		add_sorted(doc, root, "Options", m->options);
	else
		yyjson_mut_obj_add_null(doc, root, "Options");
	json_add_str(doc, root, "Scope", "local");
	return doc;
}

static void tell(const struct store *s, const char *name, const char *action)
{
	autostrv attributes = { 0 };

	strv_add(&attributes, "driver=local");
	journal_add(s, "volume", action, name, &attributes);
}

static int make(const struct store *s, int parent, const struct volume_want *m,
		const char *name, struct err *e)
{
	autojson_mut *doc = describe(s, m, name);
	autoclose int dir = record_begin(parent, name, e);
	int r;

	if (dir < 0)
		return dir;
	if (mkdirat(dir, "_data", 0755) || fchmodat(dir, "_data", 0755, 0))
		return err_sys(e, "make the content folder");
	if ((r = record_write_nosync(parent, name, doc, e)) < 0 ||
	    (r = record_publish(parent, name, e)) < 0)
		return r;
	tell(s, name, "create");
	return 0;
}

/* The same options, in any order? */
static bool has_options(int parent, const char *name, const struct strv *wanted)
{
	autostrv options = { 0 };
	autojson *doc = NULL;

	if (record_read(parent, name, &doc, NULL) < 0 ||
	    json_get_map(yyjson_doc_get_root(doc), "Options", &options, NULL) < 0 ||
	    options.len != wanted->len)
		return false;
	for (size_t i = 0; i < wanted->len; i++)
		if (!strv_has(&options, wanted->v[i]))
			return false;
	return true;
}

static int ensure(const struct store *s, int parent, const struct volume_want *w,
		  bool *ret_new, struct err *e)
{
	bool there = faccessat(parent, w->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	if (ret_new)
		*ret_new = !there;
	if (!there)
		return make(s, parent, w, w->name, e);
	if (w->options && w->options->len && !has_options(parent, w->name, w->options))
		return err_set(e, -EEXIST, "it is there already, with other options");
	return 0;
}

int volume_ensure(const struct store *s, const struct volume_want *w, char **ret_name,
		  bool *ret_new, struct err *e)
{
	char id[ID_LEN + 1];
	autoclose int parent = open_parent(s, e);

	if (parent < 0)
		return parent;
	if (!w->name)
		id_new(id);
	const char *wanted = w->name ? w->name : id;
	/* Two who make the same one at once: the later finds it. */
	autoclose int lock = file_lock(parent, ".lock", true, true);
	if (lock < 0)
		return err_code(e, lock, "lock '%s/volumes/.lock'", s->data);
	int r = w->name ? ensure(s, parent, w, ret_new, e)
			: make(s, parent, w, wanted, e);
	if (r < 0)
		return err_wrap(e, "volume '%s'", wanted);
	*ret_name = str_dup(wanted);
	if (ret_new && !w->name)
		*ret_new = true;
	return 0;
}

int volume_check_name(const char *name, struct err *e)
{
	/* "names" is what the store calls its own folder among them. */
	if (id_name_valid(name) && !str_eq(name, "names") && !str_starts(name, "tmp-"))
		return 0;
	if (id_name_valid(name))
		return err_set(e, -EINVAL,
			       "create %s: this name is taken by the store itself", name);
	if (strlen(name) == 1)
		return err_set(
			e, -EINVAL,
			"create %s: volume name is too short, names should be at least "
			"two alphanumeric characters",
			name);
	return err_set(
		e, -EINVAL,
		"create %s: \"%s\" includes invalid characters for a local volume name, "
		"only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass "
		"a host directory, use absolute path",
		name, name);
}

int volume_create(const struct store *s, const struct volume_want *w, char **ret_name,
		  struct err *e)
{
	autodone(spec_mount_done) struct spec_mount mount = { 0 };
	int r = w->name ? volume_check_name(w->name, e) : 0;

	if (r == 0 && w->options)
		r = volumeopt_parse(w->options, &mount, e);
	return r < 0 ? r : volume_ensure(s, w, ret_name, NULL, e);
}

static bool is_empty(int dirfd)
{
	autoclose int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int n = 0;

	if (!d)
		return false;
	fd = -1;
	while (n < 3 && readdir(d))
		n++;
	closedir(d);
	return n <= 2;
}

struct copy {
	const struct strv *layers;
	const char *path;
	const struct copyup_ids *ids;
	int dirfd;
};

static int fill(void *arg, struct err *e)
{
	const struct copy *c = arg;

	return is_empty(c->dirfd) ? copyup_fill(c->layers, c->path, c->dirfd, c->ids, e)
				  : 0;
}

int volume_copy_up(const struct store *s, const struct volume_fill *f, struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	autoclose int dir =
		open(f->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "volume '%s'", f->name);
	if (!is_empty(dir))
		return 0;
	int r = rootview_has_content(f->layers, f->path, e);
	if (r <= 0)
		return r;
	autofree char *lock_name = str_fmt("volumes/%s/copy.lock", f->name);
	autoclose int lock = file_lock(s->data_fd, lock_name, true, true);
	if (lock < 0)
		return err_code(e, lock, "lock volume '%s'", f->name);
	struct copy c = {
		.layers = f->layers, .path = f->path, .ids = f->ids, .dirfd = dir
	};
	if ((r = realm_open(s, &realm, e)) < 0 ||
	    (r = userns_call(realm.pidfd, CLONE_NEWUSER, fill, &c, e)) < 0)
		return err_wrap(e, "volume '%s'", f->name);
	return 0;
}

int volume_remove(const struct store *s, const char *name, struct err *e)
{
	autoclose int parent = open_parent(s, e);

	int r = parent < 0 ? parent : record_trash(s, parent, name, NULL, e);
	if (r == 0)
		tell(s, name, "destroy");
	return r;
}

bool volume_is_anonymous(const struct store *s, const char *name)
{
	autoclose int parent = open_parent(s, NULL);
	autojson *doc = NULL;

	if (parent < 0 || record_read(parent, name, &doc, NULL) < 0)
		return false;
	yyjson_val *labels = yyjson_obj_get(yyjson_doc_get_root(doc), "Labels");
	return yyjson_obj_get(labels, ANONYMOUS) != NULL;
}

static bool has_mount(yyjson_val *record, const char *volume)
{
	yyjson_val *m;
	size_t i, max;

	yyjson_arr_foreach (yyjson_obj_get(record, "Mounts"), i, max, m) {
		if (yyjson_equals_str(yyjson_obj_get(m, "Name"), volume))
			return true;
	}
	return false;
}

int volume_users(const struct store *s, const char *name, struct strv *ret, struct err *e)
{
	autostrv ids = { 0 };
	int r = record_list(s->containers_fd, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.len; i++) {
		autojson *doc = NULL;
		/* One that goes away meanwhile, or cannot be read, uses nothing. */
		if (record_read(s->containers_fd, ids.v[i], &doc, NULL) == 0 &&
		    has_mount(yyjson_doc_get_root(doc), name))
			strv_add(ret, ids.v[i]);
	}
	return r;
}

int volume_mounts(const struct store *s, const char *name, struct spec_mount *ret,
		  struct err *e)
{
	autoclose int parent = open_parent(s, e);
	autojson *doc = NULL;
	int r = parent < 0 ? parent : record_read(parent, name, &doc, e);

	if (r == 0)
		r = volumeopt_read(yyjson_doc_get_root(doc), ret, e);
	return r < 0 ? err_wrap(e, "volume '%s'", name) : 0;
}
