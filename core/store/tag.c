/* SPDX-License-Identifier: Apache-2.0 */
/* index.json of the layout: read, changed under a lock, replaced whole. */
#include "core/store/tag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/wire/json.h"

#define INDEX_MAX      (64u << 20)
#define NOTE_REF       "org.opencontainers.image.ref.name"
#define NOTE_ID        "io.rootless.image.id"
#define NOTE_UPDATED   "io.rootless.image.updated"
#define NOTE_REPO      "io.rootless.repo"
#define NOTE_REPO_HASH "io.rootless.repo.digest"

void tag_done(struct tag *t)
{
	str_set(&t->name, NULL);
	str_set(&t->repo, NULL);
	descriptor_done(&t->manifest);
}

void tags_done(struct tags *t)
{
	for (size_t i = 0; i < t->len; i++)
		tag_done(&t->v[i]);
	free(t->v);
	*t = (struct tags){ 0 };
}

/* Notes of ours move from the annotations to the fields. */
static int from_entry(yyjson_val *obj, struct tag *ret, struct err *e)
{
	autodone(tag_done) struct tag t = { 0 };
	const char *v;
	int r = descriptor_parse(obj, &t.manifest, e);

	if (r < 0)
		return r;
	struct strv *notes = &t.manifest.annotations;
	str_set(&t.name, strv_getenv(notes, NOTE_REF));
	str_set(&t.repo, strv_getenv(notes, NOTE_REPO));
	if ((v = strv_getenv(notes, NOTE_ID)) && digest_parse(v, &t.image_id) < 0)
		return err_set(e, -EINVAL, "'%s' is not a digest", NOTE_ID);
	if ((v = strv_getenv(notes, NOTE_REPO_HASH)) &&
	    digest_parse(v, &t.repo_digest) < 0)
		return err_set(e, -EINVAL, "'%s' is not a digest", NOTE_REPO_HASH);
	if ((v = strv_getenv(notes, NOTE_UPDATED)))
		(void)time_parse(v, &t.updated);
	strv_reset(notes);
	*ret = t;
	t = (struct tag){ 0 };
	return 0;
}

int tag_list(const struct store *s, struct tags *ret, struct err *e)
{
	autodone(tags_done) struct tags tags = { 0 };
	autojson *doc = NULL;
	yyjson_val *list = NULL, *item;
	size_t i, n;
	int r = json_read(s->oci_fd, "index.json", INDEX_MAX, &doc, e);

	if (r == 0)
		r = json_get_arr(yyjson_doc_get_root(doc), "manifests", &list, e);
	if (r < 0)
		return err_wrap(e, "list of images '%s/oci/index.json'", s->data);
	tags.v = mem_array(yyjson_arr_size(list), sizeof(*tags.v));
	if (list)
		yyjson_arr_foreach (list, i, n, item) {
			r = from_entry(item, &tags.v[tags.len], e);
			if (r < 0)
				return err_wrap(e, "list of images '%s/oci/index.json'",
						s->data);
			tags.len++;
		}
	*ret = tags;
	tags = (struct tags){ 0 };
	return 0;
}

static void to_entry(const struct tag *t, yyjson_mut_doc *doc, yyjson_mut_val *arr)
{
	struct descriptor d = t->manifest;
	char text[DIGEST_TEXT_MAX], stamp[TIME_STAMP_MAX];
	yyjson_mut_val *obj = yyjson_mut_arr_add_obj(doc, arr);

	d.annotations = (struct strv){ 0 };
	if (t->name)
		strv_addf(&d.annotations, NOTE_REF "=%s", t->name);
	if (digest_is_set(&t->image_id))
		strv_addf(&d.annotations, NOTE_ID "=%s", digest_text(text, &t->image_id));
	if (t->updated)
		strv_addf(&d.annotations, NOTE_UPDATED "=%s",
			  time_stamp(stamp, t->updated));
	if (t->repo)
		strv_addf(&d.annotations, NOTE_REPO "=%s", t->repo);
	if (digest_is_set(&t->repo_digest))
		strv_addf(&d.annotations, NOTE_REPO_HASH "=%s",
			  digest_text(text, &t->repo_digest));
	descriptor_build(&d, doc, obj);
	strv_done(&d.annotations);
}

static int write_index(const struct store *s, const struct tags *tags, struct err *e)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_int(doc, root, "schemaVersion", 2);
	yyjson_mut_obj_add_str(doc, root, "mediaType", MEDIA_OCI_INDEX);
	yyjson_mut_val *arr = json_add_arr(doc, root, "manifests");
	for (size_t i = 0; i < tags->len; i++)
		to_entry(&tags->v[i], doc, arr);
	return json_write(s->oci_fd, "index.json", doc, 0644, true, e);
}

/* What removes something works on a full disk, too. */
static int write_less(const struct store *s, const struct tags *tags, struct err *e)
{
	int r = write_index(s, tags, e);

	if ((r != -ENOSPC && r != -EDQUOT) || !store_spend_reserve(s))
		return r;
	err_clear(e);
	return write_index(s, tags, e);
}

/* Lock, read: every change begins so. */
static int begin(const struct store *s, struct tags *tags, struct err *e)
{
	autoclose int lock = file_lock(s->data_fd, "tag.lock", true, true);
	int r;

	if (lock < 0)
		return err_code(e, lock, "lock '%s/tag.lock'", s->data);
	r = tag_list(s, tags, e);
	return r < 0 ? r : TAKE_FD(lock);
}

static bool image_named(const struct tags *tags, const struct digest *image, size_t but)
{
	for (size_t i = 0; i < tags->len; i++)
		if (i != but && digest_eq(&tags->v[i].image_id, image))
			return true;
	return false;
}

static void drop(struct tags *tags, size_t i)
{
	tag_done(&tags->v[i]);
	memmove(&tags->v[i], &tags->v[i + 1], (tags->len - i - 1) * sizeof(*tags->v));
	tags->len--;
}

/* The name goes; its entry goes too when another still holds the image. */
static void unname(struct tags *tags, size_t i, bool keep_dangling)
{
	if (!keep_dangling || image_named(tags, &tags->v[i].image_id, i))
		drop(tags, i);
	else
		str_set(&tags->v[i].name, NULL);
}

static struct tag copy_of(const struct tag *t)
{
	struct tag c = *t;

	c.name = str_dup(t->name);
	c.repo = str_dup(t->repo);
	c.manifest.annotations = (struct strv){ 0 };
	if (!c.updated)
		c.updated = time_now();
	return c;
}

int tag_set(const struct store *s, const struct tag *t, struct err *e)
{
	autodone(tags_done) struct tags tags = { 0 };
	autoclose int lock = begin(s, &tags, e);

	if (lock < 0)
		return lock;
	for (size_t i = tags.len; i-- > 0;) {
		const struct tag *old = &tags.v[i];
		bool same_image = digest_eq(&old->image_id, &t->image_id);
		if (t->name && str_eq(old->name, t->name)) {
			if (same_image)
				drop(&tags, i);
			else
				unname(&tags, i, true);
		} else if (!old->name && same_image) {
			drop(&tags, i); /* it is dangling no more */
		}
	}
	tags.v = mem_resize(tags.v, tags.len + 1, sizeof(*tags.v));
	tags.v[tags.len++] = copy_of(t);
	return write_index(s, &tags, e);
}

int tag_remove(const struct store *s, const char *name, bool keep_dangling, struct err *e)
{
	autodone(tags_done) struct tags tags = { 0 };
	autoclose int lock = begin(s, &tags, e);

	if (lock < 0)
		return lock;
	for (size_t i = 0; i < tags.len; i++) {
		if (!str_eq(tags.v[i].name, name))
			continue;
		unname(&tags, i, keep_dangling);
		return write_less(s, &tags, e);
	}
	return err_set(e, -ENOENT, "no such image: '%s'", name);
}

int tag_remove_image(const struct store *s, const struct digest *image_id, struct err *e)
{
	autodone(tags_done) struct tags tags = { 0 };
	autoclose int lock = begin(s, &tags, e);
	char text[DIGEST_TEXT_MAX];
	size_t before;

	if (lock < 0)
		return lock;
	before = tags.len;
	for (size_t i = tags.len; i-- > 0;)
		if (digest_eq(&tags.v[i].image_id, image_id))
			drop(&tags, i);
	if (tags.len == before)
		return err_set(e, -ENOENT, "no such image: '%s'",
			       digest_text(text, image_id));
	return write_less(s, &tags, e);
}
