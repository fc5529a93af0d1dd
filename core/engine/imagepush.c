/* SPDX-License-Identifier: Apache-2.0 */
/* docker push. */
#include "core/engine/imagepush.h"
#include "core/engine/news.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/image.h"
#include "core/store/tag.h"

static struct tag *find(const struct tags *all, const char *name)
{
	for (size_t i = 0; i < all->len; i++)
		if (str_eq(all->v[i].name, name))
			return &all->v[i];
	return NULL;
}

/* May the digest by which a registry knew the image be replaced by the new one? */
static bool may_forget(const struct tags *all, const struct tag *t)
{
	if (!digest_is_set(&t->repo_digest))
		return true;
	for (size_t i = 0; i < all->len; i++)
		if (&all->v[i] != t && str_eq(all->v[i].repo, t->repo) &&
		    digest_eq(&all->v[i].repo_digest, &t->repo_digest))
			return true;
	return false;
}

static int note_digest(const struct store *s, const struct tags *all, struct tag *t,
		       const struct reference *ref, struct err *e)
{
	autofree char *repo = str_fmt("%s/%s", ref->registry, ref->repository);

	if (!str_eq(t->repo, repo) && !may_forget(all, t))
		return 0;
	if (str_eq(t->repo, repo) && digest_eq(&t->repo_digest, &t->manifest.digest))
		return 0;
	str_set(&t->repo, repo);
	t->repo_digest = t->manifest.digest;
	return tag_set(s, t, e);
}

int imagepush_check(const struct store *s, const struct reference *ref,
		    const char *platform, struct err *e)
{
	autodone(image_done) struct image i = { 0 };
	autofree char *name = reference_full(ref);

	/* Which is not there, imagepush_run says. */
	if (str_empty(platform) || image_open(s, name, &i, NULL) < 0)
		return 0;
	return image_check_platform(&i, name, platform, e);
}

int imagepush_run(const struct store *s, const struct config *cfg,
		  const struct reference *ref, pull_progress_fn *progress, void *arg,
		  struct descriptor *ret, struct err *e)
{
	const struct push_options o = { .registry = cfg ? &cfg->registry : NULL,
					.progress = progress,
					.progress_arg = arg };
	autodone(tags_done) struct tags all = { 0 };
	autofree char *name = reference_full(ref);
	int r = tag_list(s, &all, e);
	struct tag *t = find(&all, name);

	if (r < 0)
		return r;
	if (!t) {
		autofree char *familiar = reference_familiar_name(ref);
		return err_set(e, -ENOENT,
			       "An image does not exist locally with the tag: %s",
			       familiar);
	}
	r = push_image(s, t, ref, &o, e);
	if (r < 0)
		return r;
	*ret = (struct descriptor){ .digest = t->manifest.digest,
				    .size = t->manifest.size };
	str_copy(ret->media_type, sizeof(ret->media_type), t->manifest.media_type);
	autofree char *familiar = reference_familiar(ref);
	news_image(s, "push", NULL, familiar, NULL);
	return note_digest(s, &all, t, ref, e);
}

int imagepush_tags(const struct store *s, const struct reference *repo, struct strv *ret,
		   struct err *e)
{
	autodone(tags_done) struct tags all = { 0 };
	autofree char *prefix = str_fmt("%s/%s:", repo->registry, repo->repository);
	autofree char *familiar = reference_familiar_name(repo);
	int r = tag_list(s, &all, e);

	for (size_t i = 0; r == 0 && i < all.len; i++)
		if (all.v[i].name && str_starts(all.v[i].name, prefix) &&
		    !strchr(all.v[i].name, '@'))
			strv_add(ret, all.v[i].name);
	if (r == 0 && !ret->len)
		return err_set(e, -ENOENT,
			       "An image does not exist locally with the tag: %s",
			       familiar);
	return r;
}
