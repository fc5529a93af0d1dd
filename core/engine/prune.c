/* SPDX-License-Identifier: Apache-2.0 */
/* Prune. */
#include "core/engine/prune.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/image.h"
#include "core/engine/measure.h"
#include "core/engine/untag.h"

static const char *const keys[] = { "dangling", "label", "label!", "until", NULL };

int prune_pick(struct pick *p, const struct strv *texts, struct err *e)
{
	int64_t until;
	int r = pick_parse(p, texts, keys, e);

	return r < 0 ? r : pick_until(p, &until, e);
}

static yyjson_val *config_of(const struct container *c)
{
	return yyjson_obj_get(yyjson_doc_get_root(c->record), "Config");
}

static bool is_idle(const struct container *c)
{
	enum state_status s = c->state.status;

	return s == STATE_CREATED || s == STATE_EXITED || s == STATE_DEAD;
}

static int64_t created_of(const struct container *c)
{
	const char *at = NULL;
	int64_t ns = 0;

	json_get_str(yyjson_doc_get_root(c->record), "Created", &at, NULL);
	if (at)
		time_parse(at, &ns);
	return ns;
}

static bool is_pruned(const struct pick *p, const struct container *c)
{
	int64_t until = 0;

	pick_until(p, &until, NULL);
	return is_idle(c) && pick_labels(p, yyjson_obj_get(config_of(c), "Labels")) &&
	       (!until || created_of(c) < until);
}

/* Drops from v what is not to go. */
static size_t keep_pruned(const struct pick *p, struct container *v, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_pruned(p, &v[i]))
			v[n++] = v[i];
		else
			container_done(&v[i]);
	}
	return n;
}

int prune_containers(const struct store *s, const struct pick *p, struct strv *ret,
		     uint64_t *ret_bytes, struct err *e)
{
	struct container *v = NULL;
	autostrv paths = { 0 };
	size_t len = 0;
	int r = container_list(s, &v, &len, e);

	if (r < 0)
		return r;
	len = keep_pruned(p, v, len);
	for (size_t i = 0; i < len; i++)
		strv_addf(&paths, "%s/containers/%s/upper", s->data, v[i].id);
	autofree uint64_t *sizes = mem_array(len, sizeof(*sizes));
	measure_trees(s, &paths, sizes);
	for (size_t i = 0; i < len; i++) {
		/* One that was started or removed meanwhile is passed over. */
		if (container_remove(s, &v[i], false, false, NULL) == 0) {
			strv_add(ret, v[i].id);
			*ret_bytes += sizes[i];
		}
		container_done(&v[i]);
	}
	free(v);
	return 0;
}

/* --- images ----------------------------------------------------------------------- */

static int used_images(const struct store *s, struct strv *ret, struct err *e)
{
	struct container *v = NULL;
	size_t len = 0;
	int r = container_list(s, &v, &len, e);

	for (size_t i = 0; i < len; i++) {
		const char *id = NULL;
		json_get_str(yyjson_doc_get_root(v[i].record), "Image", &id, NULL);
		if (id)
			strv_add(ret, id);
		container_done(&v[i]);
	}
	free(v);
	return r;
}

static bool has_labels(const struct pick *p, const struct image *i)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	json_add_map(doc, root, "Labels", &i->config.labels);
	autojson *still = yyjson_mut_val_imut_copy(root, NULL);
	return pick_labels(p, yyjson_obj_get(yyjson_doc_get_root(still), "Labels"));
}

struct images {
	const struct store *s;
	const struct strv *used;
	struct strv *ret;
	uint64_t *bytes;
};

static void remove_name(const struct images *x, const char *what)
{
	struct untag_action *done = NULL;
	size_t len = 0;

	/* One that a container came to use meanwhile stays. */
	(void)untag_image(x->s, what, false, true, &done, &len, NULL);
	for (size_t i = 0; i < len; i++)
		strv_addf(x->ret, "%s: %s", done[i].deleted ? "deleted" : "untagged",
			  done[i].what);
	untag_done(done, len);
}

static void remove_image(const struct images *x, const struct image *i)
{
	char id[DIGEST_TEXT_MAX];

	digest_text(id, &i->id);
	if (strv_has(x->used, id))
		return;
	for (size_t k = 0; k < i->repo_tags.len; k++)
		remove_name(x, i->repo_tags.v[k]);
	if (!i->repo_tags.len)
		remove_name(x, id);
}

int prune_images(const struct store *s, const struct pick *p, bool all, struct strv *ret,
		 uint64_t *ret_bytes, struct err *e)
{
	autostrv used = { 0 };
	struct images x = { s, &used, ret, ret_bytes };
	struct image *v = NULL;
	uint64_t freed = 0;
	int64_t until = 0;
	size_t len = 0;
	int r = pick_until(p, &until, e);

	if (r == 0)
		r = used_images(s, &used, e);
	if (r == 0)
		r = image_list(s, &v, &len, e);
	for (size_t i = 0; i < len; i++) {
		if ((all || !v[i].repo_tags.len) && has_labels(p, &v[i]) &&
		    (!until || v[i].created < until))
			remove_image(&x, &v[i]);
		image_done(&v[i]);
	}
	free(v);
	if (r == 0)
		r = untag_collect(s, &freed, e);
	*ret_bytes += freed;
	return r;
}
