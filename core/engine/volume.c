/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes on disk. */
#include "core/engine/volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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
#include "core/ns/userns.h"
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

static yyjson_mut_doc *describe(const struct store *s, const char *name, bool anonymous)
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
	if (anonymous)
		json_add_str(doc, json_add_obj(doc, root, "Labels"), ANONYMOUS, "");
	else
		yyjson_mut_obj_add_null(doc, root, "Labels");
	json_add_str(doc, root, "Mountpoint", path);
	json_add_str(doc, root, "Name", name);
	yyjson_mut_obj_add_null(doc, root, "Options");
	json_add_str(doc, root, "Scope", "local");
	return doc;
}

static int make(const struct store *s, int parent, const char *name, bool anonymous,
		struct err *e)
{
	autojson_mut *doc = describe(s, name, anonymous);
	autoclose int dir = record_begin(parent, name, e);
	int r;

	if (dir < 0)
		return dir;
	if (mkdirat(dir, "_data", 0755) || fchmodat(dir, "_data", 0755, 0))
		return err_sys(e, "make the content folder");
	if ((r = record_write_nosync(parent, name, doc, e)) < 0)
		return r;
	return record_publish(parent, name, e);
}

int volume_ensure(const struct store *s, const char *name, char **ret_name, bool *ret_new,
		  struct err *e)
{
	char id[ID_LEN + 1];
	autoclose int parent = open_parent(s, e);

	if (parent < 0)
		return parent;
	if (!name)
		id_new(id);
	const char *wanted = name ? name : id;
	/* Two who make the same one at once: the later finds it. */
	autoclose int lock = file_lock(parent, ".lock", true, true);
	if (lock < 0)
		return err_code(e, lock, "lock '%s/volumes/.lock'", s->data);
	bool there = faccessat(parent, wanted, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int r = there ? 0 : make(s, parent, wanted, !name, e);
	if (r < 0)
		return err_wrap(e, "volume '%s'", wanted);
	*ret_name = str_dup(wanted);
	if (ret_new)
		*ret_new = !there;
	return 0;
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
	int dirfd;
};

static int fill(void *arg, struct err *e)
{
	const struct copy *c = arg;

	return is_empty(c->dirfd) ? copyup_fill(c->layers, c->path, c->dirfd, e) : 0;
}

int volume_copy_up(const struct store *s, const char *name, const struct strv *layers,
		   const char *path, struct err *e)
{
	autodone(realm_done) struct realm realm = { 0 };
	autofree char *at = volume_path(s, name);
	autoclose int dir = open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "volume '%s'", name);
	if (!is_empty(dir))
		return 0;
	int r = rootview_has_content(layers, path, e);
	if (r <= 0)
		return r;
	autofree char *lock_name = str_fmt("volumes/%s/copy.lock", name);
	autoclose int lock = file_lock(s->data_fd, lock_name, true, true);
	if (lock < 0)
		return err_code(e, lock, "lock volume '%s'", name);
	struct copy c = { .layers = layers, .path = path, .dirfd = dir };
	if ((r = realm_open(s, &realm, e)) < 0 ||
	    (r = userns_call(realm.pidfd, CLONE_NEWUSER, fill, &c, e)) < 0)
		return err_wrap(e, "volume '%s'", name);
	return 0;
}

int volume_remove(const struct store *s, const char *name, struct err *e)
{
	autoclose int parent = open_parent(s, e);

	return parent < 0 ? parent : record_trash(s, parent, name, NULL, e);
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
