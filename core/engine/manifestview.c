/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a registry for manifests. */
#include "core/engine/manifestview.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/base64.h"
#include "core/image/registry.h"
#include "core/oci/imageconfig.h"

struct look {
	struct registry *registry;
	const struct reference *ref;
	yyjson_mut_doc *doc;
};

static void look_done(struct look *l)
{
	registry_free(l->registry);
}

static int fetch(struct look *l, const char *which, struct buf *body,
		 struct descriptor *ret, struct err *e)
{
	int r = registry_manifest(l->registry, which, body, ret->media_type, &ret->digest,
				  e);

	ret->size = body->len;
	return r;
}

static int add_parsed(struct look *l, const struct buf *body, yyjson_mut_val **ret,
		      struct err *e)
{
	autojson *doc = NULL;
	int r = json_parse(buf_str(body), body->len, "the manifest", &doc, e);

	if (r == 0)
		*ret = yyjson_val_mut_copy(l->doc, yyjson_doc_get_root(doc));
	return r;
}

/* A manifest does not say for which platform it is; its configuration does. */
static int find_platform(struct look *l, const struct manifest *m, struct platform *ret,
			 struct err *e)
{
	autodone(imageconfig_done) struct imageconfig c = { 0 };
	autobuf text = { .max = IMAGECONFIG_MAX };
	int r = registry_blob(l->registry, &m->config, IMAGECONFIG_MAX, &text, e);

	if (r == 0)
		r = imageconfig_parse(text.data, text.len, &c, e);
	if (r == 0)
		*ret = c.platform;
	return r;
}

/* d: its descriptor; which: by what it was found, NULL: by the reference as given. */
static int add_image(struct look *l, const struct descriptor *d, const char *which,
		     const struct buf *body, yyjson_mut_val *to, struct err *e)
{
	bool docker = str_eq(d->media_type, MEDIA_DOCKER_MANIFEST);
	autofree char *full = reference_full(l->ref);
	autofree char *name = which ? str_fmt("%s@%s", full, which) : str_dup(full);
	yyjson_mut_val *manifest = NULL;
	autobuf raw = { 0 };
	int r = add_parsed(l, body, &manifest, e);

	if (r < 0)
		return r;
	base64_encode(body->data, body->len, 0, &raw);
	json_add_str(l->doc, to, "Ref", name);
	descriptor_build(d, l->doc, json_add_obj(l->doc, to, "Descriptor"));
	json_add_str(l->doc, to, "Raw", buf_str(&raw));
	yyjson_mut_obj_add_val(l->doc, to, docker ? "SchemaV2Manifest" : "OCIManifest",
			       manifest);
	return 0;
}

static int add_entry(struct look *l, const struct descriptor *of, yyjson_mut_val *all,
		     struct err *e)
{
	autodone(descriptor_done) struct descriptor d = { 0 };
	autobuf body = { .max = MANIFEST_MAX };
	char digest[DIGEST_TEXT_MAX];
	int r = fetch(l, digest_text(digest, &of->digest), &body, &d, e);

	d.platform = of->platform;
	return r < 0 ? r
		     : add_image(l, &d, digest, &body,
				 yyjson_mut_arr_add_obj(l->doc, all), e);
}

static int read_verbose(struct look *l, struct descriptor *d, const struct buf *body,
			yyjson_mut_val **ret, struct err *e)
{
	autodone(manifest_done) struct manifest m = { 0 };
	int r = manifest_parse(body->data, body->len, d->media_type, &m, e);

	if (r == 0 && !m.is_index)
		r = find_platform(l, &m, &d->platform, e);
	if (r < 0)
		return r;
	*ret = m.is_index ? yyjson_mut_arr(l->doc) : yyjson_mut_obj(l->doc);
	if (!m.is_index)
		return add_image(l, d, NULL, body, *ret, e);
	for (size_t i = 0; r >= 0 && i < m.manifests_len; i++)
		r = add_entry(l, &m.manifests[i], *ret, e);
	return r;
}

int manifestview_read(struct config *cfg, const struct manifestview *v,
		      yyjson_mut_doc *doc, yyjson_mut_val **ret, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	autodone(look_done) struct look l = { .ref = &ref, .doc = doc };
	autodone(descriptor_done) struct descriptor d = { 0 };
	autobuf body = { .max = MANIFEST_MAX };
	char digest[DIGEST_TEXT_MAX];
	int r = reference_parse(v->what, &ref, e);

	if (r < 0)
		return r;
	if (v->insecure)
		strv_add(&cfg->registry.insecure, ref.registry);
	r = registry_open(&ref, &cfg->registry, &l.registry, e);
	if (r == 0)
		r = fetch(&l,
			  digest_is_set(&ref.digest) ? digest_text(digest, &ref.digest)
						     : ref.tag,
			  &body, &d, e);
	if (r < 0)
		return r;
	return v->verbose ? read_verbose(&l, &d, &body, ret, e)
			  : add_parsed(&l, &body, ret, e);
}
