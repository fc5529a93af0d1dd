/* SPDX-License-Identifier: Apache-2.0 */
/* A registry and its mirrors. */
#include "core/image/registry.h"

#include <errno.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/ask.h"
#include "core/image/transfer.h"
#include "core/wire/hasher.h"
#include "core/wire/json.h"

#define ACCEPT \
	MEDIA_OCI_INDEX ", " MEDIA_DOCKER_LIST ", " MEDIA_OCI_MANIFEST \
			", " MEDIA_DOCKER_MANIFEST

#define TAGS_PAGE      1000
#define TAGS_MAX       10000
#define TAGS_BYTES_MAX (4u << 20)

struct registry {
	struct channel channel;
	struct registry_options defaults;
	struct origin *origins; /* mirrors, then the registry itself */
	size_t len;
	size_t served; /* the origin that served the manifest */
	char *repository, *scope;
	char *name, *familiar; /* for sentences: "nginx", "nginx:latest" */
};

int registry_open(const struct reference *ref, const struct registry_options *o,
		  struct registry **ret, struct err *e)
{
	struct registry *r = mem_new(struct registry);
	size_t mirrors;
	int rc;

	if (!o)
		o = &r->defaults;
	mirrors = str_eq(ref->registry, REFERENCE_DEFAULT_REGISTRY) ? o->mirrors.len : 0;
	r->origins = mem_array(mirrors + 1, sizeof(*r->origins));
	rc = channel_init(&r->channel, o, e);
	for (size_t i = 0; rc == 0 && i < mirrors; i++) {
		rc = origin_mirror(&r->origins[r->len], o->mirrors.v[i], &o->insecure, e);
		r->len += rc == 0;
	}
	if (rc < 0) {
		registry_free(r);
		return rc;
	}
	origin_init(&r->origins[r->len++], reference_host(ref), ref->registry,
		    &o->insecure);
	r->repository = str_dup(ref->repository);
	r->scope = str_fmt("repository:%s:pull", ref->repository);
	r->name = reference_familiar_name(ref);
	r->familiar = reference_familiar(ref);
	*ret = r;
	return 0;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	channel_done(&r->channel);
	for (size_t i = 0; i < r->len; i++)
		origin_done(&r->origins[i]);
	free(r->origins);
	free(r->repository);
	free(r->scope);
	free(r->name);
	free(r->familiar);
	free(r);
}

/* --- sentences, as docker words them ---------------------------------------------------
 */

static int denied(struct registry *r, const struct origin *o, const char *why,
		  struct err *e)
{
	return err_set(
		e, -ENOENT,
		"pull access denied for %s, repository does not exist or may require "
		"'docker login'%s%s%s%s",
		r->name, why[0] ? ": " : "", why, o->auth.note ? ": " : "",
		o->auth.note ? o->auth.note : "");
}

static int refusal(struct registry *r, const struct origin *o, const struct exchange *x,
		   struct err *e)
{
	char words[ASK_WORDS_MAX];

	ask_words(x, words);
	switch (x->head.status) {
	case 401:
	case 403:
		return denied(r, o, words, e);
	case 404:
		return err_set(e, -ENOENT, "manifest for %s not found: %s", r->familiar,
			       words[0] ? words : "manifest unknown");
	case 429:
		return err_set(e, -EBUSY, "'%s' refuses for now: %s", o->host,
			       words[0] ? words : "too many requests");
	}
	return err_set(e, -EIO, "registry '%s' answered %d%s%s", o->host, x->head.status,
		       words[0] ? ": " : "", words);
}

/* --- manifests
 * -------------------------------------------------------------------------- */

static int check_digest(const struct exchange *x, const char *wanted,
			const struct buf *body, struct digest *ret, struct err *e)
{
	struct digest want, is, said;
	char text[DIGEST_TEXT_MAX];
	bool has_said = digest_parse(x->head.digest, &said) == 0;
	bool has_want = digest_parse(wanted, &want) == 0;

	if (!body) {
		if (!has_said)
			return err_set(e, -EOPNOTSUPP, "the registry says no digest");
		*ret = said;
		return 0;
	}
	const struct digest *check = has_want ? &want : has_said ? &said : NULL;
	struct hasher *h = hasher_new(check ? check->algorithm : DIGEST_SHA256);
	hasher_add(h, buf_str(body), body->len);
	hasher_finish(h, &is);
	hasher_free(h);
	if (check && !digest_eq(&is, check))
		return err_set(e, -EBADMSG,
			       "manifest: digest mismatch: the bytes received have '%s'",
			       digest_text(text, &is));
	*ret = is;
	return 0;
}

static int manifest_from(struct registry *r, struct origin *o, const char *what,
			 struct exchange *x, struct err *e)
{
	autofree char *rest = str_fmt("%s/manifests/%s", r->repository, what);

	x->accept = ACCEPT;
	x->head_only = !x->arg;
	const struct ask a = { &r->channel, o, r->scope, false };
	int rc = ask_run(&a, rest, x, e);
	if (rc == -EACCES) {
		autofree char *why = str_dup(e->text);
		return denied(r, o, why, e);
	}
	if (rc < 0)
		return err_wrap(e, "registry '%s'", o->host);
	return x->head.status == 200 ? 0 : refusal(r, o, x, e);
}

int registry_manifest(struct registry *r, const char *tag_or_digest, struct buf *body,
		      char media_type[DESCRIPTOR_MEDIA_MAX], struct digest *ret_digest,
		      struct err *e)
{
	int rc = -EIO;

	if (body)
		body->max = MANIFEST_MAX;
	for (size_t k = 0; k < r->len; k++) {
		size_t i = (r->served + k) % r->len;
		struct exchange x = { .arg = body };
		err_clear(e);
		rc = manifest_from(r, &r->origins[i], tag_or_digest, &x, e);
		if (rc == 0)
			rc = check_digest(&x, tag_or_digest, body, ret_digest, e);
		if (rc == 0) {
			str_copy(media_type, DESCRIPTOR_MEDIA_MAX, x.head.media_type);
			r->served = i;
		}
		exchange_done(&x);
		if (rc == 0)
			break;
	}
	return rc;
}

/* --- tags --------------------------------------------------------------------------- */

/* One page: 1 when there was a new one on it, else 0. */
static int take_tags(const struct buf *body, struct strv *ret, struct err *e)
{
	autostrv page = { 0 };
	autojson *doc = NULL;
	size_t before = ret->len;
	int rc = json_parse(buf_str(body), body->len, "the list of tags", &doc, e);

	if (rc == 0)
		rc = json_get_strv(yyjson_doc_get_root(doc), "tags", &page, e);
	for (size_t i = 0; rc == 0 && i < page.len; i++) {
		if (!reference_is_tag(page.v[i]) || strv_has(ret, page.v[i]))
			continue;
		if (ret->len == TAGS_MAX)
			return err_set(e, -E2BIG, "more than %d tags", TAGS_MAX);
		strv_add(ret, page.v[i]);
	}
	return rc < 0 ? rc : ret->len > before;
}

static int tags_from(struct registry *r, struct origin *o, struct strv *ret,
		     struct err *e)
{
	const struct ask a = { &r->channel, o, r->scope, false };
	int rc = 1;

	/* A registry that knows no pages says the same again, which ends it, too. */
	while (rc > 0) {
		autobuf body = { .max = TAGS_BYTES_MAX };
		struct exchange x = { .arg = &body, .accept = "application/json" };
		const char *last = ret->len ? ret->v[ret->len - 1] : NULL;
		autofree char *rest =
			str_fmt("%s/tags/list?n=%d%s%s", r->repository, TAGS_PAGE,
				last ? "&last=" : "", last ? last : "");
		rc = ask_run(&a, rest, &x, e);
		if (rc == 0 && x.head.status != 200)
			rc = refusal(r, o, &x, e);
		if (rc == 0)
			rc = take_tags(&body, ret, e);
		exchange_done(&x);
	}
	return rc;
}

int registry_tags(struct registry *r, struct strv *ret, struct err *e)
{
	int rc = -EIO;

	for (size_t i = 0; i < r->len; i++) {
		autostrv tags = { 0 };

		err_clear(e);
		rc = tags_from(r, &r->origins[i], &tags, e);
		if (rc < 0)
			continue;
		strv_addv(ret, strv_view(&tags));
		return 0;
	}
	return rc;
}

/* --- blobs
 * ------------------------------------------------------------------------------ */

int registry_blob(struct registry *r, const struct descriptor *d, size_t max,
		  struct buf *out, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	autofree char *rest =
		str_fmt("%s/blobs/%s", r->repository, digest_text(text, &d->digest));
	int rc = -EIO;

	if (d->size > max)
		return err_set(e, -EFBIG,
			       "'%s' has %llu bytes, more than the %zu allowed", text,
			       (unsigned long long)d->size, max);
	out->max = d->size + 1;
	for (size_t k = 0; k < r->len; k++) {
		struct origin *o = &r->origins[(r->served + k) % r->len];
		struct exchange x = { .arg = out, .accept = "*/*" };
		struct digest is;
		err_clear(e);
		const struct ask a = { &r->channel, o, r->scope, false };
		rc = ask_run(&a, rest, &x, e);
		if (rc == 0 && x.head.status != 200)
			rc = err_set(e, -EIO, "registry '%s' answered %d for '%s'",
				     o->host, x.head.status, text);
		exchange_done(&x);
		if (rc < 0)
			continue;
		struct hasher *h = hasher_new(d->digest.algorithm);
		hasher_add(h, buf_str(out), out->len);
		hasher_finish(h, &is);
		hasher_free(h);
		if (out->len == d->size && digest_eq(&is, &d->digest))
			return 0;
		rc = err_set(e, -EBADMSG, "blob '%s': digest mismatch", text);
	}
	return rc;
}

int registry_blobs(struct registry *r, struct registry_fetch *f, size_t n,
		   const struct registry_events *ev, struct err *e)
{
	const struct transfer_from from = {
		.channel = &r->channel,
		.origins = r->origins,
		.origins_len = r->len,
		.first = r->served,
		.repository = r->repository,
		.scope = r->scope,
	};

	return transfer_run(&from, f, n, ev, e);
}
