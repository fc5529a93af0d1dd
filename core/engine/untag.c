/* SPDX-License-Identifier: Apache-2.0 */
/* docker rmi. Names go first, by the store's own lock; what nothing uses any more is then
 * collected under gc.lock, and removed with the realm's power, because layers are owned
 * by subordinate IDs. A kill in between leaves only what the next sweep removes. */
#include "core/engine/untag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/engine/container.h"
#include "core/engine/image.h"
#include "core/engine/news.h"
#include "core/engine/realm.h"
#include "core/store/gc.h"
#include "core/store/layer.h"

struct work {
	const struct store *s;
	const char *what;
	struct image image;
	struct container *containers;
	size_t containers_len;
	struct untag_action *done;
	size_t done_len;
};

static void work_done(struct work *w)
{
	image_done(&w->image);
	for (size_t n = 0; n < w->containers_len; n++)
		container_done(&w->containers[n]);
	free(w->containers);
}

void untag_done(struct untag_action *v, size_t len)
{
	for (size_t n = 0; n < len; n++)
		free(v[n].what);
	free(v);
}

/* Notes what was done, there and in the journal. what is taken. */
static void note(struct work *w, bool deleted, char *what)
{
	char id[DIGEST_TEXT_MAX];

	w->done = mem_resize(w->done, w->done_len + 1, sizeof(*w->done));
	w->done[w->done_len++] = (struct untag_action){ deleted, what };
	/* Docker names the image by its ID in both. */
	digest_text(id, &w->image.id);
	if (!deleted || str_eq(what, id))
		news_image(w->s, deleted ? "delete" : "untag", &w->image.id, id,
			   &w->image.config.labels);
}

static const char *used_image(const struct container *c)
{
	const char *id = "";

	json_get_str(yyjson_doc_get_root(c->record), "Image", &id, NULL);
	return id;
}

static bool is_running(const struct container *c)
{
	return c && (c->state.status == STATE_RUNNING || c->state.status == STATE_PAUSED);
}

/* The first container made of the image, a running one before a stopped one. */
static const struct container *user_of(const struct work *w)
{
	const struct container *stopped = NULL;
	char id[DIGEST_TEXT_MAX];

	digest_text(id, &w->image.id);
	for (size_t n = 0; n < w->containers_len; n++) {
		const struct container *c = &w->containers[n];

		if (!str_eq(used_image(c), id))
			continue;
		if (is_running(c))
			return c;
		stopped = c;
	}
	return stopped;
}

static int check_users(const struct work *w, bool by_name, bool force, struct err *e)
{
	const struct container *c = user_of(w);
	char id[13];

	if (!c)
		return 0;
	image_short_id(&w->image, id);
	if (is_running(c) && !by_name)
		return err_set(
			e, -EBUSY,
			"conflict: unable to delete %s (cannot be forced) - image is "
			"being used by running container %.12s",
			id, c->id);
	if (force)
		return 0;
	if (by_name)
		return err_set(
			e, -EBUSY,
			"conflict: unable to remove repository reference \"%s\" (must "
			"force) - container %.12s is using its referenced image %s",
			w->what, c->id, id);
	return err_set(
		e, -EBUSY,
		"conflict: unable to delete %s (must be forced) - image is being used "
		"by stopped container %.12s",
		id, c->id);
}

/* Do all names of the image belong to one repository? */
static bool one_repository(const struct image *i)
{
	for (size_t n = 1; n < i->repo_tags.len; n++) {
		const char *a = i->repo_tags.v[0], *b = i->repo_tags.v[n];
		size_t len = (size_t)(strrchr(a, ':') - a);

		if (strncmp(a, b, len) || (size_t)(strrchr(b, ':') - b) != len)
			return false;
	}
	return true;
}

static int remove_everything(struct work *w, struct err *e)
{
	char id[DIGEST_TEXT_MAX], text[DIGEST_TEXT_MAX];
	const struct imageconfig *c = &w->image.config;
	int r = tag_remove_image(w->s, &w->image.id, e);

	if (r < 0)
		return r;
	for (size_t n = 0; n < w->image.repo_tags.len; n++)
		note(w, false, str_dup(w->image.repo_tags.v[n]));
	for (size_t n = 0; n < w->image.repo_digests.len; n++)
		note(w, false, str_dup(w->image.repo_digests.v[n]));
	note(w, true, str_dup(digest_text(id, &w->image.id)));
	/* What of these goes is known after the collection. */
	for (size_t n = c->diff_ids_len; n > 0; n--) {
		struct digest chain;

		imageconfig_chain_id(c->diff_ids, n, &chain);
		if (layer_has(w->s, &chain))
			note(w, true, str_dup(digest_text(text, &chain)));
	}
	return 0;
}

/* A name alone: nothing is deleted, at the most the image has no name any more. */
static int remove_name(struct work *w, struct err *e)
{
	struct reference ref = { 0 };
	int r = reference_parse(w->image.tag.name, &ref, e);

	if (r < 0)
		return r;
	r = tag_remove(w->s, w->image.tag.name, true, e);
	if (r >= 0)
		note(w, false, reference_familiar(&ref));
	reference_done(&ref);
	return r;
}

/* A digest of an image that has names besides: the digest alone is forgotten. */
static int remove_digest(struct work *w, const struct reference *ref, struct err *e)
{
	autofree char *repo = str_fmt("%s/%s", ref->registry, ref->repository);
	autofree char *familiar = reference_familiar(ref);
	autodone(tags_done) struct tags all = { 0 };
	int r = tag_list(w->s, &all, e);

	for (size_t n = 0; r >= 0 && n < all.len; n++) {
		struct tag *t = &all.v[n];

		if (!digest_eq(&t->image_id, &w->image.id) || !str_eq(t->repo, repo) ||
		    !digest_eq(&t->repo_digest, &ref->digest) || !t->name)
			continue;
		if (strchr(t->name, '@')) {
			r = tag_remove(w->s, t->name, false, e);
			continue;
		}
		str_set(&t->repo, NULL);
		t->repo_digest = (struct digest){ 0 };
		r = tag_set(w->s, t, e);
	}
	if (r >= 0)
		note(w, false, TAKE_PTR(familiar));
	return r;
}

/* 1: it was one, and is dealt with. */
static int try_digest(struct work *w, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };

	if (!strchr(w->what, '@') || w->image.repo_tags.len == 0 ||
	    reference_parse(w->what, &ref, NULL) < 0)
		return 0;
	int r = remove_digest(w, &ref, e);
	return r < 0 ? r : 1;
}

/* The chains that containers hold. Asked under gc.lock: whoever makes a container holds
 * it from the image to the record. */
static int held_chains(const struct store *s, struct strv *ret, struct err *e)
{
	struct container *v = NULL;
	size_t len = 0;
	int r = container_list(s, &v, &len, e);

	for (size_t n = 0; n < len; n++) {
		json_get_strv(yyjson_doc_get_root(v[n].record), "LayerChain", ret, NULL);
		json_get_strv(yyjson_doc_get_root(v[n].record), "MountChain", ret, NULL);
		container_done(&v[n]);
	}
	free(v);
	return r;
}

int untag_collect(const struct store *s, uint64_t *ret_bytes, struct err *e)
{
	autostrv keep = { 0 };
	autoclose int lock = gc_lock(s, true, e);
	int r = lock < 0 ? lock : held_chains(s, &keep, e);

	if (r >= 0)
		r = gc_collect(s, &keep, ret_bytes, e);
	lock = fd_close(lock);
	/* The trash may wait for the next sweep. */
	if (r >= 0)
		realm_sweep(s, NULL);
	store_keep_reserve(s);
	return r;
}

void untag_released(const struct store *s, const char *image_id)
{
	autodone(tags_done) struct tags all = { 0 };
	struct digest id;

	if (digest_parse(image_id, &id) < 0 || tag_list(s, &all, NULL) < 0)
		return;
	for (size_t n = 0; n < all.len; n++)
		if (digest_eq(&all.v[n].image_id, &id))
			return;
	untag_collect(s, NULL, NULL);
}

/* Forgets the chains that were listed as deleted but are still there. */
static void drop_kept(struct work *w)
{
	size_t to = 0;

	for (size_t n = 0; n < w->done_len; n++) {
		struct digest d;

		if (w->done[n].deleted && !digest_parse(w->done[n].what, &d) &&
		    layer_has(w->s, &d))
			free(w->done[n].what);
		else
			w->done[to++] = w->done[n];
	}
	w->done_len = to;
}

static int run(struct work *w, bool force, bool no_prune, struct err *e)
{
	const char *hex = str_starts(w->what, "sha256:") ? w->what + 7 : w->what;
	char have[DIGEST_TEXT_MAX];
	bool by_name, last;
	int r;

	r = image_open(w->s, w->what, &w->image, e);
	if (r >= 0)
		r = container_list(w->s, &w->containers, &w->containers_len, e);
	if (r < 0)
		return r;
	if ((r = try_digest(w, e)) != 0)
		return r;
	/* The only digest names the image itself, as an ID does. */
	by_name = !str_starts(digest_hex(have, &w->image.id), hex) && !strchr(hex, '@');
	last = w->image.repo_tags.len <= 1;
	if (by_name && !last && w->image.tag.name)
		return remove_name(w, e);
	if (!by_name && !force && !one_repository(&w->image))
		return err_set(
			e, -EBUSY,
			"conflict: unable to delete %.12s (must be forced) - image is "
			"referenced in multiple repositories",
			have);
	r = check_users(w, by_name, force, e);
	if (r < 0)
		return r;
	if (by_name && w->image.tag.name && is_running(user_of(w)))
		return remove_name(w, e);
	r = remove_everything(w, e);
	if (r >= 0 && !no_prune)
		r = untag_collect(w->s, NULL, e);
	drop_kept(w);
	return r;
}

int untag_image(const struct store *s, const char *what, bool force, bool no_prune,
		struct untag_action **ret, size_t *ret_len, struct err *e)
{
	struct work w = { .s = s, .what = what };
	int r = run(&w, force, no_prune, e);

	*ret = w.done;
	*ret_len = w.done_len;
	work_done(&w);
	return r < 0 ? r : 0;
}
