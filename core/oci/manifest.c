/* SPDX-License-Identifier: Apache-2.0 */
/* Image manifests and indexes.
 *
 * A document that could be read both as a manifest and as an index gives two images with
 * one digest (CVE-2021-41190). So what the transport says (media_type), what the document
 * says (mediaType) and what it holds (config and layers, or manifests) must agree. */
#include "core/oci/manifest.h"

#include <errno.h>
#include <strings.h>

#include "core/base/mem.h"
#include "core/base/str.h"

/* Platforms named in "no image for platform". */
#define NAMED_MAX 12

enum shape { SHAPE_UNKNOWN, SHAPE_MANIFEST, SHAPE_INDEX, SHAPE_OTHER };

static enum shape shape_of_type(const char *media_type)
{
	/* What servers say that do not know. */
	static const char *const vague[] = { "", "application/json", "text/plain",
					     "application/octet-stream" };

	if (str_eq(media_type, MEDIA_OCI_INDEX) || str_eq(media_type, MEDIA_DOCKER_LIST))
		return SHAPE_INDEX;
	if (str_eq(media_type, MEDIA_OCI_MANIFEST) ||
	    str_eq(media_type, MEDIA_DOCKER_MANIFEST))
		return SHAPE_MANIFEST;
	for (size_t i = 0; i < ARRAY_LEN(vague); i++) {
		if (str_eq(media_type, vague[i]))
			return SHAPE_UNKNOWN;
	}
	return SHAPE_OTHER;
}

/* "Type/Sub; charset=x" → "type/sub" */
static int bare_type(const char *text, char dst[DESCRIPTOR_MEDIA_MAX], struct err *e)
{
	size_t n = strcspn(text ? text : "", "; \t");

	if (n >= DESCRIPTOR_MEDIA_MAX)
		return err_set(e, -EINVAL, "manifest: media type is too long");
	for (size_t i = 0; i < n; i++)
		dst[i] =
			(char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	dst[n] = '\0';
	return 0;
}

/* Decides the one media type the document has. */
static int decide_type(yyjson_val *root, const char *given, struct manifest *m,
		       struct err *e)
{
	char outer[DESCRIPTOR_MEDIA_MAX];
	const char *inner = "";
	bool manifests = yyjson_obj_get(root, "manifests");
	bool layers = yyjson_obj_get(root, "layers") || yyjson_obj_get(root, "config");
	int r = bare_type(given, outer, e);

	if (r == 0)
		r = json_get_str(root, "mediaType", &inner, e);
	if (r < 0)
		return r;
	if (shape_of_type(outer) == SHAPE_OTHER || shape_of_type(inner) == SHAPE_OTHER)
		return err_set(e, -EINVAL,
			       "manifest: media type '%.127s' is not supported",
			       shape_of_type(outer) == SHAPE_OTHER ? outer : inner);
	if (shape_of_type(outer) == SHAPE_UNKNOWN)
		outer[0] = '\0';
	if (shape_of_type(inner) == SHAPE_UNKNOWN)
		inner = "";
	if (outer[0] && inner[0] && !str_eq(outer, inner))
		return err_set(e, -EINVAL, "manifest: sent as '%s' but calls itself '%s'",
			       outer, inner);
	if ((manifests && layers) || (!manifests && !layers) ||
	    yyjson_obj_get(root, "fsLayers"))
		return err_set(e, -EINVAL,
			       "manifest: neither a plain manifest nor a plain index");
	if (!outer[0] && !inner[0])
		inner = manifests ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
	str_copy(m->media_type, sizeof(m->media_type), outer[0] ? outer : inner);
	m->is_index = shape_of_type(m->media_type) == SHAPE_INDEX;
	if (m->is_index != manifests)
		return err_set(e, -EINVAL, "manifest: '%s' does not fit what it holds",
			       m->media_type);
	return 0;
}

static int parse_list(yyjson_val *root, const char *key, size_t max,
		      struct descriptor **ret, size_t *ret_len, struct err *e)
{
	yyjson_val *arr = NULL, *v;
	yyjson_arr_iter iter;
	int r = json_get_arr(root, key, &arr, e);

	if (r < 0)
		return r;
	if (!arr)
		return err_set(e, -EINVAL, "'%s' is missing", key);
	if (yyjson_arr_size(arr) > max)
		return err_set(e, -E2BIG, "'%s' has more than %zu entries", key, max);
	*ret = mem_array(yyjson_arr_size(arr), sizeof(**ret));
	iter = yyjson_arr_iter_with(arr);
	while ((v = yyjson_arr_iter_next(&iter))) {
		r = descriptor_parse(v, &(*ret)[*ret_len], e);
		if (r < 0)
			return err_wrap(e, "%s[%zu]", key, *ret_len);
		(*ret_len)++;
	}
	return 0;
}

static int parse_root(yyjson_val *root, const char *media_type, struct manifest *m,
		      struct err *e)
{
	uint64_t version = 0;
	int r;

	if (!yyjson_is_obj(root))
		return err_set(e, -EINVAL, "manifest: not an object");
	r = json_get_u64(root, "schemaVersion", &version, e);
	if (r < 0)
		return r;
	if (version == 1)
		return err_set(e, -EINVAL, "manifest: docker schema 1 is not supported");
	if (version != 2)
		return err_set(e, -EINVAL, "manifest: 'schemaVersion' is not 2");
	r = decide_type(root, media_type, m, e);
	if (r < 0)
		return r;
	if (m->is_index)
		return parse_list(root, "manifests", MANIFEST_INDEX_ENTRIES,
				  &m->manifests, &m->manifests_len, e);
	r = descriptor_parse(yyjson_obj_get(root, "config"), &m->config, e);
	if (r < 0)
		return err_wrap(e, "config");
	return parse_list(root, "layers", MANIFEST_LAYERS_MAX, &m->layers, &m->layers_len,
			  e);
}

int manifest_parse(const void *p, size_t n, const char *media_type, struct manifest *ret,
		   struct err *e)
{
	autodone(manifest_done) struct manifest m = { 0 };
	autojson *doc = NULL;
	int r;

	if (n > MANIFEST_MAX)
		return err_set(e, -E2BIG, "manifest: larger than %u bytes", MANIFEST_MAX);
	r = json_parse(p, n, "manifest", &doc, e);
	if (r == 0)
		r = parse_root(yyjson_doc_get_root(doc), media_type, &m, e);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct manifest){ 0 };
	return 0;
}

static void name_platforms(const struct manifest *index, struct buf *out)
{
	autostrv names = { 0 };
	char text[96];

	for (size_t i = 0; i < index->manifests_len; i++) {
		const struct platform *p = &index->manifests[i].platform;

		/* Attestations call themselves unknown/unknown. */
		if (!p->os[0] || str_eq(p->os, "unknown"))
			continue;
		platform_text(text, p);
		if (!strv_has(&names, text) && names.len < NAMED_MAX)
			strv_add(&names, text);
	}
	for (size_t i = 0; i < names.len; i++)
		buf_addf(out, "%s%s", i ? ", " : "", names.v[i]);
	if (names.len == NAMED_MAX)
		buf_adds(out, ", …");
}

int manifest_select(const struct manifest *index, const struct platform *want,
		    const struct descriptor **ret, struct err *e)
{
	const struct descriptor *best = NULL;
	autobuf have = { 0 };
	char text[96];
	int score = 0;

	for (size_t i = 0; i < index->manifests_len; i++) {
		const struct descriptor *d = &index->manifests[i];
		enum descriptor_kind kind = descriptor_kind(d);
		int s = platform_match(want, &d->platform);

		if (kind != DESCRIPTOR_MANIFEST && kind != DESCRIPTOR_INDEX)
			continue;
		/* One that names no platform may serve any, when nothing better is there.
		 */
		if (!d->platform.os[0] && !d->platform.architecture[0])
			s = 1;
		if (s > score) {
			best = d;
			score = s;
		}
	}
	if (best) {
		*ret = best;
		return 0;
	}
	name_platforms(index, &have);
	return err_set(e, -ENOENT, "no image for platform '%s' (has %s)",
		       platform_text(text, want), have.len ? have.data : "none");
}

int manifest_print(const struct descriptor *config, const struct descriptor *layers,
		   size_t n, struct buf *out)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_int(doc, root, "schemaVersion", 2);
	json_add_str(doc, root, "mediaType", MEDIA_OCI_MANIFEST);
	descriptor_build(config, doc, json_add_obj(doc, root, "config"));
	list = json_add_arr(doc, root, "layers");
	for (size_t i = 0; i < n; i++)
		descriptor_build(&layers[i], doc, yyjson_mut_arr_add_obj(doc, list));
	return json_print(out, doc, false);
}

static void done_list(struct descriptor *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		descriptor_done(&list[i]);
	free(list);
}

void manifest_done(struct manifest *m)
{
	descriptor_done(&m->config);
	done_list(m->layers, m->layers_len);
	done_list(m->manifests, m->manifests_len);
	*m = (struct manifest){ 0 };
}
