/* SPDX-License-Identifier: Apache-2.0 */
/* docker image prune. */
#include "core/engine/imageprune.h"
#include "core/engine/news.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"

int imageprune_parse(struct pick *p, const struct strv *filters, bool *ret_all,
		     struct err *e)
{
	static const char *const keys[] = { "dangling", "label", "label!", "until",
					    NULL };
	int64_t until;
	int r = pick_parse(p, filters, keys, e);

	if (r == 0)
		r = pick_until(p, &until, e); /* what is wrong is said before asking */
	if (r < 0)
		return r;
	r = pick_truth(p, "dangling", e);
	*ret_all = r == 0;
	return r == -ENOENT ? 0 : r < 0 ? r : 0;
}

/* Image IDs of all containers. */
static int find_used(const struct store *s, struct strv *ret, struct err *e)
{
	struct container *v = NULL;
	size_t len = 0;
	int r = container_list(s, &v, &len, e);

	for (size_t n = 0; n < len; n++) {
		const char *id = "";

		json_get_str(yyjson_doc_get_root(v[n].record), "Image", &id, NULL);
		strv_add(ret, id);
		container_done(&v[n]);
	}
	free(v);
	return r;
}

static bool labels_fit(const struct pick *p, const struct image *i)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	autojson *copy = NULL;

	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	json_add_map(doc, yyjson_mut_doc_get_root(doc), "Labels", &i->config.labels);
	copy = yyjson_mut_doc_imut_copy(doc, NULL);
	return pick_labels(p, yyjson_obj_get(yyjson_doc_get_root(copy), "Labels"));
}

static bool wanted(const struct pick *p, const struct image *i, bool all, int64_t until)
{
	if (!all && i->repo_tags.len)
		return false;
	return (!until || i->created < until) && labels_fit(p, i);
}

static int remove_one(const struct store *s, const char *id,
		      struct imageprune_result *ret, struct err *e)
{
	struct untag_action *v = NULL;
	size_t len = 0;
	int r = untag_image(s, id, true, true, &v, &len, e);

	ret->v = mem_resize(ret->v, ret->len + len, sizeof(*ret->v));
	for (size_t n = 0; n < len; n++)
		ret->v[ret->len++] = v[n];
	free(v);
	/* another command was faster, or uses it by now */
	return r == -ENOENT || r == -EBUSY ? 0 : r;
}

void imageprune_lines(const struct imageprune_result *x, struct strv *ret)
{
	for (size_t n = 0; n < x->len; n++)
		strv_addf(ret, "%s: %s", x->v[n].deleted ? "deleted" : "untagged",
			  x->v[n].what);
}

int imageprune_run(const struct store *s, const struct pick *p, bool all,
		   struct imageprune_result *ret, struct err *e)
{
	autostrv used = { 0 };
	struct image *v = NULL;
	int64_t until = 0;
	size_t len = 0;
	int r = pick_until(p, &until, e);

	*ret = (struct imageprune_result){ 0 };
	if (r == 0)
		r = find_used(s, &used, e);
	if (r >= 0)
		r = image_list(s, &v, &len, e);
	for (size_t n = 0; n < len; n++) {
		char id[DIGEST_TEXT_MAX];

		digest_text(id, &v[n].id);
		if (r >= 0 && !strv_has(&used, id) && wanted(p, &v[n], all, until))
			r = remove_one(s, id, ret, e);
		image_done(&v[n]);
	}
	free(v);
	if (r >= 0)
		r = untag_collect(s, &ret->bytes, e);
	if (r >= 0)
		news_pruned(s, "image", ret->bytes);
	return r;
}
