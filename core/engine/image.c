/* SPDX-License-Identifier: Apache-2.0 */
/* Images: docker's verbs over the store. index.json says which manifest each name means;
 * everything else about an image is read from its config. */
#include "core/engine/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/time.h"
#include "core/engine/news.h"
#include "core/engine/realm.h"
#include "core/engine/welcome.h"
#include "core/store/layer.h"

static void copy_tag(struct tag *dst, const struct tag *src)
{
	*dst = *src;
	dst->name = str_dup(src->name);
	dst->repo = str_dup(src->repo);
	dst->manifest.annotations = (struct strv){ 0 };
	strv_addv(&dst->manifest.annotations, strv_view(&src->manifest.annotations));
}

static void add_unique(struct strv *v, char *item)
{
	if (strv_has(v, item))
		free(item);
	else
		strv_push(v, item);
}

/* One index entry's names, as docker shows them. */
static void add_names(struct image *i, const struct tag *t)
{
	struct reference r = { 0 };

	if (t->name && !reference_parse(t->name, &r, NULL) && r.tag &&
	    !digest_is_set(&r.digest))
		add_unique(&i->repo_tags, reference_familiar(&r));
	reference_done(&r);
	if (t->repo && digest_is_set(&t->repo_digest) &&
	    !reference_parse(t->repo, &r, NULL)) {
		autofree char *name = reference_familiar_name(&r);
		char text[DIGEST_TEXT_MAX];

		add_unique(&i->repo_digests,
			   str_fmt("%s@%s", name, digest_text(text, &t->repo_digest)));
	}
	reference_done(&r);
}

static uint64_t content_size(const struct store *s, const struct imageconfig *c)
{
	uint64_t sum = 0;

	for (size_t n = 1; n <= c->diff_ids_len; n++) {
		struct layer l = { 0 };
		struct digest chain;

		imageconfig_chain_id(c->diff_ids, n, &chain);
		if (layer_read(s, &chain, &l, NULL) >= 0)
			sum += l.size;
	}
	return sum;
}

/* Everything about the image of v[at]; its config must be readable. */
static int fill(const struct store *s, const struct tags *all, size_t at,
		struct image *ret, struct err *e)
{
	autobuf text = { .max = IMAGECONFIG_MAX };
	struct image i = { .id = all->v[at].image_id };
	int r;

	copy_tag(&i.tag, &all->v[at]);
	for (size_t n = 0; n < all->len; n++)
		if (digest_eq(&all->v[n].image_id, &i.id))
			add_names(&i, &all->v[n]);
	strv_sort(&i.repo_tags);
	strv_sort(&i.repo_digests);
	r = blob_read(s, &i.id, IMAGECONFIG_MAX, &text, e);
	if (r >= 0)
		r = imageconfig_parse(buf_str(&text), text.len, &i.config, e);
	if (r >= 0) {
		i.size = content_size(s, &i.config);
		if (i.config.created)
			time_parse(i.config.created, &i.created);
	}
	*ret = i;
	return r;
}

void image_done(struct image *i)
{
	if (!i)
		return;
	tag_done(&i->tag);
	imageconfig_done(&i->config);
	strv_done(&i->repo_tags);
	strv_done(&i->repo_digests);
	*i = (struct image){ 0 };
}

void image_short_id(const struct image *i, char ret[13])
{
	char hex[DIGEST_TEXT_MAX];

	digest_hex(hex, &i->id);
	hex[12] = '\0';
	memcpy(ret, hex, 13);
}

/* The entry that a parsed reference means; -1 when none. */
static ssize_t find_reference(const struct tags *all, const struct reference *r)
{
	autofree char *full = reference_full(r);
	autofree char *repo = str_fmt("%s/%s", r->registry, r->repository);

	for (size_t n = 0; n < all->len; n++) {
		const struct tag *t = &all->v[n];

		if (str_eq(t->name, full))
			return (ssize_t)n;
		if (digest_is_set(&r->digest) && str_eq(t->repo, repo) &&
		    (digest_eq(&t->repo_digest, &r->digest) ||
		     digest_eq(&t->manifest.digest, &r->digest)))
			return (ssize_t)n;
	}
	return -1;
}

/* The entry whose image ID begins with hex; -1 none, -2 several images. */
static ssize_t find_prefix(const struct tags *all, const char *hex)
{
	ssize_t found = -1;

	for (size_t n = 0; n < all->len; n++) {
		char have[DIGEST_TEXT_MAX];

		digest_hex(have, &all->v[n].image_id);
		if (!str_starts(have, hex))
			continue;
		if (found >= 0 &&
		    !digest_eq(&all->v[found].image_id, &all->v[n].image_id))
			return -2;
		if (found < 0)
			found = (ssize_t)n;
	}
	return found;
}

/* Docker's order: a whole ID, then a name, then an ID's beginning. */
int image_find(const struct tags *all, const char *what, size_t *ret, struct err *e)
{
	const char *hex = str_starts(what, "sha256:") ? what + 7 : what;
	struct reference r = { 0 };
	ssize_t at = -1;
	int bad;

	if (strlen(hex) == 64 && id_is_hex(hex))
		at = find_prefix(all, hex);
	bad = at >= 0 ? 0 : reference_parse(what, &r, e);
	if (at < 0 && !bad)
		at = find_reference(all, &r);
	if (at < 0 && id_is_hex(hex)) {
		at = find_prefix(all, hex);
		bad = 0;
	}
	if (at >= 0) {
		*ret = (size_t)at;
		reference_done(&r);
		return 0;
	}
	if (at == -2)
		bad = err_set(e, -EINVAL, "multiple IDs found with provided prefix: %s",
			      what);
	if (!bad) {
		autofree char *name = r.repository ? reference_familiar(&r) : NULL;

		bad = err_set(e, -ENOENT, "No such image: %s", name ? name : what);
	}
	reference_done(&r);
	return bad;
}

int image_open(const struct store *s, const char *what, struct image *ret, struct err *e)
{
	autodone(tags_done) struct tags all = { 0 };
	const char *embedded = welcome_reference(what);
	struct image i = { 0 };
	size_t at;
	int r;

	r = tag_list(s, &all, e);
	if (r < 0)
		return r;
	r = image_find(&all, embedded ? embedded : what, &at, e);
	if (r < 0)
		return r;
	r = fill(s, &all, at, &i, e);
	if (r < 0) {
		image_done(&i);
		return err_wrap(e, "image '%s'", what);
	}
	*ret = i;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct image *x = a, *y = b;

	if (x->created != y->created)
		return x->created < y->created ? 1 : -1;
	return memcmp(x->id.bytes, y->id.bytes, 32);
}

int image_list(const struct store *s, struct image **ret, size_t *ret_len, struct err *e)
{
	autodone(tags_done) struct tags all = { 0 };
	struct image *v;
	size_t len = 0;
	int r;

	r = tag_list(s, &all, e);
	if (r < 0)
		return r;
	v = mem_array(all.len, sizeof(*v));
	for (size_t n = 0; n < all.len; n++) {
		bool seen = false;

		for (size_t k = 0; k < len && !seen; k++)
			seen = digest_eq(&v[k].id, &all.v[n].image_id);
		if (seen)
			continue;
		fill(s, &all, n, &v[len], NULL);
		len++;
	}
	qsort(v, len, sizeof(*v), newest_first);
	*ret = v;
	*ret_len = len;
	return 0;
}

static int pull_setup(const struct config *cfg, const char *platform, int realm_pidfd,
		      struct pull_options *o, struct err *e)
{
	o->realm_pidfd = realm_pidfd;
	o->registry = cfg ? &cfg->registry : NULL;
	return str_empty(platform) ? 0 : platform_parse(platform, &o->platform, e);
}

static void tell_pull(const struct store *s, const struct reference *ref,
		      const struct tag *tag)
{
	autodone(image_done) struct image i = { 0 };
	autofree char *name = reference_familiar(ref);
	char id[DIGEST_TEXT_MAX];

	if (image_open(s, digest_text(id, &tag->image_id), &i, NULL) >= 0)
		news_image(s, "pull", NULL, name, &i.config.labels);
}

int image_pull(const struct store *s, const struct config *cfg,
	       const struct reference *ref, const char *platform,
	       pull_progress_fn *progress, void *arg, struct tag *ret, bool *ret_new,
	       struct err *e)
{
	struct pull_options o = { .progress = progress, .progress_arg = arg };
	struct realm realm;
	int r;

	r = pull_setup(cfg, platform, -1, &o, e);
	if (r < 0)
		return r;
	r = realm_open(s, &realm, e);
	if (r < 0)
		return r;
	o.realm_pidfd = realm.pidfd;
	r = pull_image(s, ref, &o, ret, ret_new, e);
	realm_done(&realm);
	if (r >= 0)
		tell_pull(s, ref, ret);
	return r;
}

static int ensure_embedded(const struct store *s, const char *what, struct image *ret,
			   struct err *e)
{
	struct pull_options o = { 0 };
	struct realm realm;
	int r;

	r = realm_open(s, &realm, e);
	if (r < 0)
		return r;
	o.realm_pidfd = realm.pidfd;
	r = welcome_ensure(s, what, &o, e);
	realm_done(&realm);
	return r < 0 ? r : image_open(s, what, ret, e);
}

int image_check_platform(const struct image *i, const char *what, const char *platform,
			 struct err *e)
{
	struct platform want = { 0 };
	char have[96], asked[96];
	int r;

	if (str_empty(platform))
		return 0;
	r = platform_parse(platform, &want, e);
	if (r < 0 || platform_match(&want, &i->config.platform) > 0)
		return r;
	return err_set(
		e, -ENOENT,
		"image with reference '%s' was found but its platform (%s) does not "
		"match the specified platform (%s)",
		what, platform_text(have, &i->config.platform),
		platform_text(asked, &want));
}

int image_ensure(const struct store *s, const struct config *cfg, const char *what,
		 const char *policy, const char *platform, pull_progress_fn *progress,
		 void *arg, struct image *ret, struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	struct reference ref = { 0 };
	struct tag tag = { 0 };
	bool fresh;
	int r;

	if (welcome_is_name(what)) {
		r = ensure_embedded(s, what, &i, e);
		if (r >= 0)
			r = image_check_platform(&i, what, platform, e);
		goto out;
	}
	r = str_eq(policy, "always") ? -ENOENT : image_open(s, what, &i, e);
	if (r >= 0)
		r = image_check_platform(&i, what, platform, e);
	if (r != -ENOENT || str_eq(policy, "never"))
		goto out;
	image_done(&i);
	r = reference_parse(what, &ref, e);
	if (r < 0)
		return r;
	r = image_pull(s, cfg, &ref, platform, progress, arg, &tag, &fresh, e);
	reference_done(&ref);
	if (r < 0)
		return r;
	tag_done(&tag);
	r = image_open(s, what, &i, e);
out:
	if (r < 0)
		return r;
	*ret = i;
	i = (struct image){ 0 };
	return 0;
}

int image_remote_tags(const struct config *cfg, const struct reference *ref,
		      struct strv *ret, struct err *e)
{
	struct registry *registry = NULL;
	int r = registry_open(ref, cfg ? &cfg->registry : NULL, &registry, e);

	if (r == 0)
		r = registry_tags(registry, ret, e);
	registry_free(registry);
	return r;
}

int image_tag(const struct store *s, const char *source, const char *target,
	      struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	struct reference ref = { 0 };
	int r;

	r = reference_parse(target, &ref, e);
	if (r < 0)
		return err_wrap(e, "'%s' is not a valid repository/tag", target);
	if (digest_is_set(&ref.digest)) {
		reference_done(&ref);
		return err_set(e, -EINVAL,
			       "refusing to create a tag with a digest reference");
	}
	r = image_open(s, source, &i, e);
	if (r >= 0) {
		free(i.tag.name);
		i.tag.name = reference_full(&ref);
		r = tag_set(s, &i.tag, e);
	}
	if (r >= 0) {
		autofree char *name = reference_familiar(&ref);
		news_image(s, "tag", &i.id, name, &i.config.labels);
	}
	reference_done(&ref);
	return r < 0 ? r : 0;
}

static void add_graph(const struct store *s, const struct image *i, yyjson_mut_doc *doc,
		      yyjson_mut_val *obj)
{
	yyjson_mut_val *graph = json_add_obj(doc, obj, "GraphDriver");
	yyjson_mut_val *data = json_add_obj(doc, graph, "Data");
	autostrv lower = { 0 };

	for (size_t n = i->config.diff_ids_len; n > 0; n--) {
		struct digest chain;
		autofree char *path = NULL;

		imageconfig_chain_id(i->config.diff_ids, n, &chain);
		path = layer_path(s, &chain);
		if (n == i->config.diff_ids_len)
			json_add_str(doc, data, "UpperDir", path);
		else
			strv_add(&lower, path);
	}
	if (lower.len) {
		autofree char *joined = strv_join(&lower, ":");

		json_add_str(doc, data, "LowerDir", joined);
	}
	json_add_str(doc, graph, "Name", "overlay2");
}

static void add_rootfs(const struct image *i, yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
	yyjson_mut_val *rootfs = json_add_obj(doc, obj, "RootFS");
	autostrv ids = { 0 };
	char text[DIGEST_TEXT_MAX];

	json_add_str(doc, rootfs, "Type", "layers");
	for (size_t n = 0; n < i->config.diff_ids_len; n++)
		strv_add(&ids, digest_text(text, &i->config.diff_ids[n]));
	json_add_strv(doc, rootfs, "Layers", &ids);
}

static void add_platform(const struct platform *p, yyjson_mut_doc *doc,
			 yyjson_mut_val *obj)
{
	json_add_str(doc, obj, "Architecture", p->architecture);
	if (p->variant[0])
		json_add_str(doc, obj, "Variant", p->variant);
	json_add_str(doc, obj, "Os", p->os);
}

yyjson_mut_val *image_inspect(const struct store *s, const struct image *i,
			      yyjson_mut_doc *doc, struct err *e)
{
	yyjson_mut_val *obj = yyjson_mut_obj(doc), *sub;
	const struct imageconfig *c = &i->config;
	char text[DIGEST_TEXT_MAX], stamp[TIME_STAMP_MAX];
	const char *comment =
		c->history_len ? c->history[c->history_len - 1].comment : NULL;

	json_add_str(doc, obj, "Id", digest_text(text, &i->id));
	json_add_strv(doc, obj, "RepoTags", &i->repo_tags);
	json_add_strv(doc, obj, "RepoDigests", &i->repo_digests);
	json_add_str(doc, obj, "Parent", "");
	json_add_str(doc, obj, "Comment", comment ? comment : "");
	json_add_str(doc, obj, "Created", c->created ? c->created : time_stamp(stamp, 0));
	json_add_str(doc, obj, "DockerVersion", "");
	json_add_str(doc, obj, "Author", c->author ? c->author : "");
	imageconfig_build(c, doc, json_add_obj(doc, obj, "Config"));
	add_platform(&c->platform, doc, obj);
	yyjson_mut_obj_add_uint(doc, obj, "Size", i->size);
	add_graph(s, i, doc, obj);
	add_rootfs(i, doc, obj);
	sub = json_add_obj(doc, obj, "Metadata");
	json_add_str(doc, sub, "LastTagTime", time_stamp(stamp, i->tag.updated));
	sub = json_add_obj(doc, obj, "Descriptor");
	descriptor_build(&i->tag.manifest, doc, sub);
	return obj;
}
