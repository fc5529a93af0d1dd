/* SPDX-License-Identifier: Apache-2.0 */
/* Records: folders with one JSON document, published by rename; names as links. */
#include "core/store/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/trash.h"

#define NAMES "names"

static bool id_ok(const char *id)
{
	return id[0] && id[0] != '.' && !strchr(id, '/') && strlen(id) < NAME_MAX - 8;
}

int record_read(int parent_fd, const char *id, yyjson_doc **ret, struct err *e)
{
	if (!id_ok(id))
		return err_set(e, -ENOENT, "no such object: '%s'", id);
	autofree char *name = str_fmt("%s/record.json", id);
	return json_read(parent_fd, name, RECORD_MAX, ret, e);
}

/* The object's folder, published or in the making. */
static int open_object(int parent_fd, const char *id)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent_fd, id, flags);

	if (fd < 0 && errno == ENOENT) {
		autofree char *tmp = str_fmt(TRASH_TMP "%s", id);
		fd = openat(parent_fd, tmp, flags);
	}
	return fd < 0 ? -errno : fd;
}

static int write_doc(int parent_fd, const char *id, const yyjson_mut_doc *doc, bool sync,
		     struct err *e)
{
	autoclose int fd = id_ok(id) ? open_object(parent_fd, id) : -EINVAL;
	int r;

	if (fd < 0)
		return err_code(e, fd, "write the record of '%s'", id);
	r = json_write(fd, "record.json", doc, 0600, sync, e);
	return r < 0 ? err_wrap(e, "write the record of '%s'", id) : 0;
}

int record_write(int parent_fd, const char *id, const yyjson_mut_doc *doc, struct err *e)
{
	return write_doc(parent_fd, id, doc, true, e);
}

int record_write_nosync(int parent_fd, const char *id, const yyjson_mut_doc *doc,
			struct err *e)
{
	return write_doc(parent_fd, id, doc, false, e);
}

int record_begin(int parent_fd, const char *id, struct err *e)
{
	bool made;

	if (!id_ok(id))
		return err_set(e, -EINVAL, "'%s' cannot name an object", id);
	autofree char *tmp = str_fmt(TRASH_TMP "%s", id);
	for (;;) {
		/* waits: a sweep that looks holds the lock for a moment */
		autoclose int fd = trash_lock_dir(parent_fd, tmp, true, &made);
		if (fd < 0)
			return err_code(e, fd, "make '%s'", id);
		if (made)
			return TAKE_FD(fd);
		/* a dead maker's: out of the way, for the sweep */
		uint64_t n;
		id_random(&n, sizeof(n));
		autofree char *dead =
			str_fmt(TRASH_TMP "dead-%016llx", (unsigned long long)n);
		if (renameat(parent_fd, tmp, parent_fd, dead) && errno != ENOENT)
			return err_sys(e, "make '%s'", id);
	}
}

int record_publish(int parent_fd, const char *id, struct err *e)
{
	autofree char *tmp = str_fmt(TRASH_TMP "%s", id);

	if (renameat2(parent_fd, tmp, parent_fd, id, RENAME_NOREPLACE))
		return err_sys(e, "make '%s'", id);
	return 0;
}

static bool exists(int parent_fd, const char *id)
{
	return id_ok(id) && faccessat(parent_fd, id, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Published, or in the making by one who lives. */
static bool lives(int parent_fd, const char *id)
{
	if (exists(parent_fd, id))
		return true;
	autofree char *tmp = str_fmt(TRASH_TMP "%s", id);
	return exists(parent_fd, tmp) && !trash_is_free(parent_fd, tmp);
}

/* Malloc'd target of names/NAME, or NULL. */
static char *name_target(int names, const char *name)
{
	char id[NAME_MAX + 1];
	ssize_t n = readlinkat(names, name, id, sizeof(id));

	return n > 0 && (size_t)n < sizeof(id) ? str_ndup(id, (size_t)n) : NULL;
}

int record_name_take(int parent_fd, const char *name, const char *id, char **ret_id,
		     struct err *e)
{
	autoclose int names = file_open_dir(parent_fd, NAMES, true, 0700);
	autoclose int lock =
		names < 0 ? names : file_lock(parent_fd, "names.lock", true, true);

	if (lock < 0)
		return err_code(e, lock, "take the name '%s'", name);
	if (!id_ok(name))
		return err_set(e, -EINVAL, "'%s' cannot be a name", name);
	if (!symlinkat(id, names, name))
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "take the name '%s'", name);
	autofree char *holder = name_target(names, name);
	if (holder && str_eq(holder, id))
		return 0;
	if (holder && lives(parent_fd, holder)) {
		if (ret_id)
			*ret_id = str_dup(holder);
		return err_set(e, -EEXIST, "the name '%s' is in use by '%.12s'", name,
			       holder);
	}
	if (unlinkat(names, name, 0) || symlinkat(id, names, name))
		return err_sys(e, "take the name '%s'", name);
	return 0;
}

int record_name_drop(int parent_fd, const char *name, const char *id)
{
	autoclose int names = file_open_dir(parent_fd, NAMES, true, 0700);
	autoclose int lock =
		names < 0 ? names : file_lock(parent_fd, "names.lock", true, true);

	if (lock < 0)
		return lock;
	autofree char *holder = id_ok(name) ? name_target(names, name) : NULL;
	if (!holder || !str_eq(holder, id))
		return -ENOENT;
	return unlinkat(names, name, 0) ? -errno : 0;
}

static bool is_object(int parent_fd, const struct dirent *de)
{
	struct stat st;

	if (de->d_name[0] == '.' || str_eq(de->d_name, NAMES) ||
	    str_starts(de->d_name, TRASH_TMP))
		return false;
	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return !fstatat(parent_fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

int record_list(int parent_fd, struct strv *ret, struct err *e)
{
	autoclose int fd = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!dir)
		return err_sys(e, "list objects");
	fd = -1;
	while ((de = readdir(dir)))
		if (is_object(parent_fd, de))
			strv_add(ret, de->d_name);
	closedir(dir);
	strv_sort(ret);
	return 0;
}

static int find_prefix(int parent_fd, const char *what, char **ret_id, struct err *e)
{
	autostrv all = { 0 };
	const char *found = NULL;
	int r = id_is_hex(what) ? record_list(parent_fd, &all, e) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.len; i++) {
		if (!str_starts(all.v[i], what) || !id_is_hex(all.v[i]))
			continue;
		if (found)
			return err_set(e, -ENOTUNIQ,
				       "multiple IDs found with provided prefix: %s",
				       what);
		found = all.v[i];
	}
	if (!found)
		return err_set(e, -ENOENT, "no such object: '%s'", what);
	*ret_id = str_dup(found);
	return 0;
}

int record_find(int parent_fd, const char *what, char **ret_id, struct err *e)
{
	if (!id_ok(what))
		return err_set(e, -ENOENT, "no such object: '%s'", what);
	if (exists(parent_fd, what) && !str_eq(what, NAMES) &&
	    !str_starts(what, TRASH_TMP)) {
		*ret_id = str_dup(what);
		return 0;
	}
	autoclose int names =
		openat(parent_fd, NAMES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofree char *id = names < 0 ? NULL : name_target(names, what);
	if (id && exists(parent_fd, id)) {
		*ret_id = TAKE_PTR(id);
		return 0;
	}
	return find_prefix(parent_fd, what, ret_id, e);
}

int record_trash(const struct store *s, int parent_fd, const char *id, char **ret_trash,
		 struct err *e)
{
	int r = id_ok(id) ? trash_move(s, parent_fd, id, ret_trash) : -ENOENT;

	return r < 0 ? err_code(e, r, "remove '%s'", id) : 0;
}
