/* SPDX-License-Identifier: Apache-2.0 */
/* Pulling: reference → manifest of the platform → config → layers → tag. */
#include "core/image/pull.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/content.h"
#include "core/store/collect.h"
#include "core/store/gc.h"
#include "core/store/lease.h"

struct pull {
	const struct store *store;
	const struct reference *ref;
	const struct pull_options *options;
	struct registry *registry;
	struct content content;    /* manifest, config, layers */
	struct digest repo_digest; /* of the first document: index or manifest */
	char *name;                /* full reference */
};

static void pull_done(struct pull *p)
{
	registry_free(p->registry);
	content_done(&p->content);
	free(p->name);
}

static void say(const struct pull *p, const char *id, const char *status)
{
	const struct pull_options *o = p->options;

	if (o->progress)
		o->progress(o->progress_arg, id, status, 0, 0);
}

/* --- from the reference to one manifest
 * ------------------------------------------------- */

/* Down the indexes to the platform's manifest, whose bytes and descriptor stay in
 * content. */
static int resolve(struct pull *p, struct err *e)
{
	struct content *c = &p->content;
	struct platform want = p->options->platform;
	char text[DIGEST_TEXT_MAX], type[DESCRIPTOR_MEDIA_MAX] = "";
	const char *what = p->ref->tag;
	int rc;

	if (!want.os[0])
		platform_host(&want);
	if (digest_is_set(&p->ref->digest))
		what = digest_text(text, &p->ref->digest);
	rc = registry_manifest(p->registry, what, &c->manifest_bytes, type,
			       &p->repo_digest, e);
	struct digest at = p->repo_digest;
	for (int depth = 0; rc == 0; depth++) {
		rc = content_manifest(c, type, &at, e);
		if (rc < 0 || !c->manifest.is_index)
			break;
		if (depth == MANIFEST_INDEX_DEPTH)
			return err_set(e, -EBADMSG, "indexes are nested deeper than %d",
				       MANIFEST_INDEX_DEPTH);
		const struct descriptor *d;
		rc = manifest_select(&c->manifest, &want, &d, e);
		if (rc < 0)
			break;
		struct digest next = d->digest;
		uint64_t size = d->size;
		buf_reset(&c->manifest_bytes);
		rc = registry_manifest(p->registry, digest_text(text, &next),
				       &c->manifest_bytes, type, &at, e);
		if (rc == 0 && c->manifest_bytes.len != size)
			rc = err_set(e, -EBADMSG,
				     "manifest '%s' has %zu bytes, its index says %llu",
				     text, c->manifest_bytes.len,
				     (unsigned long long)size);
	}
	return rc;
}

/* One of all who pull it at once downloads it, and the others find it. */
static int download_config(struct pull *p, const struct descriptor *d, struct buf *out,
			   struct err *e)
{
	const struct blob_want want = { d->digest, d->size, true };
	struct blob_writer *w = NULL;
	uint64_t offset = 0;
	int rc = blob_write(p->store, &want, &w, &offset, e);

	if (rc < 0)
		return rc;
	if (!w)
		return blob_read(p->store, &d->digest, IMAGECONFIG_MAX, out, e);
	rc = registry_blob(p->registry, d, IMAGECONFIG_MAX, out, e);
	if (rc == 0)
		rc = blob_restart(w, e);
	if (rc == 0)
		rc = blob_add(w, buf_str(out), out->len, e);
	if (rc == 0)
		return blob_commit(w, false, e);
	blob_leave(w);
	blob_drop_part(p->store, &d->digest);
	return rc;
}

static int get_config(struct pull *p, struct err *e)
{
	struct content *c = &p->content;
	const struct descriptor *d = &c->manifest.config;
	int rc = -ENOENT;

	if (d->size > IMAGECONFIG_MAX)
		return err_set(e, -EFBIG, "config: %llu bytes are more than %u",
			       (unsigned long long)d->size, IMAGECONFIG_MAX);
	if (blob_has_size(p->store, &d->digest, d->size))
		rc = blob_read(p->store, &d->digest, IMAGECONFIG_MAX, &c->config_bytes,
			       NULL);
	if (rc < 0) {
		buf_reset(&c->config_bytes);
		rc = download_config(p, d, &c->config_bytes, e);
	}
	if (rc < 0)
		return err_wrap(e, "config");
	rc = content_config(c, e);
	if (rc < 0)
		return rc;
	if (!p->options->platform.os[0] || !c->config.platform.architecture[0] ||
	    platform_match(&p->options->platform, &c->config.platform) > 0)
		return 0;
	char have[96], want[96];
	return err_set(
		e, -ENOENT,
		"image with reference %s was found but its platform (%s) does not match "
		"the specified platform (%s)",
		p->name, platform_text(have, &c->config.platform),
		platform_text(want, &p->options->platform));
}

/* --- up to date?
 * ------------------------------------------------------------------------- */

/* The tag of this name in the store; its HEAD costs a registry less than the whole. */
static bool up_to_date(struct pull *p, struct tag *ret)
{
	autodone(tags_done) struct tags tags = { 0 };
	char type[DESCRIPTOR_MEDIA_MAX], text[DIGEST_TEXT_MAX];
	struct digest now;
	struct tag *t = NULL;

	if (tag_list(p->store, &tags, NULL) < 0)
		return false;
	for (size_t i = 0; i < tags.len && !t; i++)
		if (str_eq(tags.v[i].name, p->name))
			t = &tags.v[i];
	if (!t || !digest_is_set(&t->repo_digest))
		return false;
	const char *what = p->ref->tag;
	if (digest_is_set(&p->ref->digest))
		what = digest_text(text, &p->ref->digest);
	if (registry_manifest(p->registry, what, NULL, type, &now, NULL) < 0 ||
	    !digest_eq(&now, &t->repo_digest) ||
	    !content_is_whole(p->store, t, &p->options->platform))
		return false;
	*ret = *t;
	*t = (struct tag){ 0 };
	return true;
}

/* --- the whole
 * ---------------------------------------------------------------------------- */

static int tag_it(struct pull *p, struct tag *ret, struct err *e)
{
	struct tag t = content_tag(&p->content, p->name);
	int rc;

	t.repo_digest = p->repo_digest;
	t.repo = str_fmt("%s/%s", p->ref->registry, p->ref->repository);
	rc = tag_set(p->store, &t, e);
	if (rc < 0)
		tag_done(&t);
	else
		*ret = t;
	return rc;
}

/* What a failed pull made in the store goes again. Parts stay for the next try when the
 * way was at fault and not the content. */
static void clean_up(struct pull *p, int rc)
{
	bool content = rc == -EBADMSG || rc == -EFBIG || rc == -EINVAL ||
		       rc == -EOVERFLOW || rc == -ENODATA || rc == -ENOSPC;

	if (content)
		content_collect(&p->content, p->store);
	else
		(void)collect_blobs(p->store, &p->content.manifest.config.digest, 1,
				    NULL);
	content_sweep(p->store, p->options->realm_pidfd);
}

static int fetch(struct pull *p, struct tag *ret, struct err *e)
{
	int rc = resolve(p, e);

	if (rc < 0)
		return rc;
	rc = get_config(p, e);
	if (rc < 0) {
		content_collect(&p->content, p->store);
		return rc;
	}
	say(p, p->ref->tag, "Pulling from");
	int lease = content_lease(&p->content, p->store, e);
	if (lease < 0)
		return lease;
	rc = content_complete(&p->content, p->store, p->registry, p->options, e);
	if (rc == 0)
		rc = tag_it(p, ret, e);
	lease_drop(p->store, lease);
	size_t left = 0; /* a layer that had to begin anew leaves its first try */
	if (rc < 0 || (gc_pending(p->store, &left, NULL) == 0 && left))
		clean_up(p, rc);
	return rc;
}

int pull_image(const struct store *s, const struct reference *ref,
	       const struct pull_options *o, struct tag *ret, bool *ret_new,
	       struct err *e)
{
	autodone(pull_done) struct pull p = { .store = s, .ref = ref, .options = o };
	int rc = registry_open(ref, o->registry, &p.registry, e);

	if (rc < 0)
		return rc;
	p.name = reference_full(ref);
	*ret_new = !up_to_date(&p, ret);
	return *ret_new ? fetch(&p, ret, e) : 0;
}
