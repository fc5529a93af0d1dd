/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes seen together: which there are, which are used, and those that go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/measure.h"
#include "core/engine/news.h"
#include "core/engine/pick.h"
#include "core/engine/volume.h"
#include "core/engine/volumeopt.h"
#include "core/store/gc.h"
#include "core/store/record.h"

static const char *const volume_keys[] = { "dangling", "driver", "label",
					   "label!",   "name",   NULL };

static int open_folder(const struct store *s, struct err *e)
{
	int fd = file_open_dir(s->data_fd, "volumes", true, 0700);

	return fd < 0 ? err_code(e, fd, "open '%s/volumes'", s->data) : fd;
}

void volume_done(struct volume *v)
{
	free(v->name);
	yyjson_doc_free(v->record);
	*v = (struct volume){ 0 };
}

int volume_open(const struct store *s, const char *name, struct volume *ret,
		struct err *e)
{
	autoclose int parent = open_folder(s, e);
	struct volume v = { 0 };

	if (parent < 0)
		return parent;
	int r = record_read(parent, name, &v.record, e);
	if (r == -ENOENT) {
		err_clear(e);
		return err_set(e, r, "get %s: no such volume", name);
	}
	if (r < 0)
		return err_wrap(e, "volume '%s'", name);
	v.name = str_dup(name);
	*ret = v;
	return 0;
}

void volume_list_done(struct volume *v, size_t len)
{
	for (size_t i = 0; i < len; i++)
		volume_done(&v[i]);
	free(v);
}

/* As docker sorts: 2 before 10. */
static int by_name(const void *a, const void *b)
{
	const struct volume *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

int volume_list(const struct store *s, struct volume **ret, size_t *ret_len,
		struct err *e)
{
	autoclose int parent = open_folder(s, e);
	autostrv names = { 0 };
	size_t n = 0;

	if (parent < 0)
		return parent;
	int r = record_list(parent, &names, e);
	if (r < 0)
		return r;
	struct volume *v = mem_array(names.len, sizeof(*v));
	for (size_t i = 0; i < names.len; i++) {
		/* One that goes away meanwhile, or cannot be read, hides no other. */
		if (volume_open(s, names.v[i], &v[n], NULL) == 0)
			n++;
	}
	if (n)
		qsort(v, n, sizeof(*v), by_name);
	*ret = v;
	*ret_len = n;
	return 0;
}

int volume_used(const struct store *s, struct strv *ret, struct err *e)
{
	autostrv ids = { 0 };
	int r = record_list(s->containers_fd, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.len; i++) {
		autojson *doc = NULL;
		yyjson_val *m;
		size_t k, max;
		if (record_read(s->containers_fd, ids.v[i], &doc, NULL) < 0)
			continue;
		yyjson_val *mounts = yyjson_obj_get(yyjson_doc_get_root(doc), "Mounts");
		yyjson_arr_foreach (mounts, k, max, m) {
			const char *name = yyjson_get_str(yyjson_obj_get(m, "Name"));
			if (name)
				strv_add(ret, name);
		}
	}
	return r;
}

int volume_pick(struct pick *p, const struct strv *texts, struct err *e)
{
	int r = pick_parse(p, texts, volume_keys, e);

	if (r < 0)
		return r;
	r = pick_truth(p, "dangling", e);
	return r == -EINVAL ? r : 0;
}

bool volume_matches(const struct pick *p, const struct volume *v, const struct strv *used)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_doc_get_root(v->record), "Labels");
	int dangling = pick_truth(p, "dangling", NULL);

	return pick_labels(p, labels) && pick_regex(p, "name", v->name) &&
	       pick_exact(p, "driver", "local") &&
	       (dangling < 0 || dangling == !strv_has(used, v->name));
}

static int in_use(const char *name, const struct strv *users, struct err *e)
{
	autofree char *ids = strv_join(users, ", ");

	return err_set(e, -EBUSY, "remove %s: volume is in use - [%s]", name, ids);
}

int volume_delete(const struct store *s, const char *name, struct err *e)
{
	autodone(volume_done) struct volume v = { 0 };
	autostrv users = { 0 };
	/* A container is made with this lock shared. */
	autoclose int gc = gc_lock(s, true, e);
	int r = gc < 0 ? gc : volume_open(s, name, &v, e);

	/* A record that a power cut damaged must not keep its volume from going. */
	if (r < 0 && r != -EINVAL)
		return r;
	err_clear(e);
	if ((r = volume_users(s, name, &users, e)) < 0)
		return r;
	return users.len ? in_use(name, &users, e) : volume_remove(s, name, e);
}

static int64_t created_of(const struct volume *v)
{
	const char *at = yyjson_get_str(
		yyjson_obj_get(yyjson_doc_get_root(v->record), "CreatedAt"));
	int64_t ns = 0;

	if (at)
		time_parse(at, &ns);
	return ns;
}

struct prune {
	const struct pick *pick;
	const struct strv *used;
	int64_t until;
	bool all;
};

static bool is_pruned(const struct store *s, const struct prune *x,
		      const struct volume *v)
{
	yyjson_val *labels = yyjson_obj_get(yyjson_doc_get_root(v->record), "Labels");

	return !strv_has(x->used, v->name) &&
	       (x->all || volume_is_anonymous(s, v->name)) &&
	       pick_labels(x->pick, labels) && (!x->until || created_of(v) <= x->until);
}

int volume_prune(const struct store *s, const struct pick *p, bool all, struct strv *ret,
		 uint64_t *ret_bytes, struct err *e)
{
	autostrv used = { 0 }, paths = { 0 };
	struct prune x = { .pick = p, .used = &used, .all = all };
	struct volume *v = NULL;
	size_t len = 0, first = ret->len;
	autoclose int gc = gc_lock(s, true, e);
	int r = gc < 0 ? gc : pick_until(p, &x.until, e);

	if (r == 0)
		r = volume_used(s, &used, e);
	if (r == 0)
		r = volume_list(s, &v, &len, e);
	for (size_t i = 0; r == 0 && i < len; i++) {
		if (!is_pruned(s, &x, &v[i]))
			continue;
		strv_add(ret, v[i].name);
		strv_push(&paths, volume_path(s, v[i].name));
	}
	volume_list_done(v, len);
	autofree uint64_t *sizes = mem_array(paths.len, sizeof(*sizes));
	uint64_t bytes = 0;
	measure_trees(s, &paths, sizes);
	for (size_t i = 0; r == 0 && i < paths.len; i++) {
		r = volume_remove(s, ret->v[first + i], e);
		bytes += r == 0 ? sizes[i] : 0;
	}
	*ret_bytes += bytes;
	if (r == 0)
		news_pruned(s, "volume", bytes);
	return r;
}

static int check_other_user(const struct store *s, const char *volume, const char *id,
			    struct err *e)
{
	autodone(container_done) struct container other = { 0 };

	if (container_open(s, id, &other, NULL) < 0 ||
	    (other.state.status != STATE_RUNNING && other.state.status != STATE_PAUSED))
		return 0;
	return err_set(
		e, -EBUSY,
		"volume '%s' is a tmpfs and in use by container %.12s: without root "
		"it belongs to one running container at a time",
		volume, other.id);
}

int volume_check_free(const struct store *s, const struct container *c, struct err *e)
{
	yyjson_val *m;
	size_t i, max;
	int r = 0;

	yyjson_arr_foreach (yyjson_obj_get(yyjson_doc_get_root(c->record), "Mounts"), i,
			    max, m) {
		autodone(spec_mount_done) struct spec_mount own = { 0 };
		const char *name = yyjson_get_str(yyjson_obj_get(m, "Name"));
		autostrv users = { 0 };

		if (!name || volume_mounts(s, name, &own, NULL) < 0 ||
		    own.type != SPEC_TMPFS)
			continue;
		r = volume_users(s, name, &users, e);
		for (size_t k = 0; r == 0 && k < users.len; k++)
			if (!str_eq(users.v[k], c->id))
				r = check_other_user(s, name, users.v[k], e);
		if (r < 0)
			break;
	}
	return r;
}
