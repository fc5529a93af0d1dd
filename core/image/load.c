/* SPDX-License-Identifier: Apache-2.0 */
/* Images from the files of a shelf.
 *
 * An archive may be both a docker-archive and an OCI layout (docker save since 25). The
 * layout is read then, because it keeps the manifest's digest; the names are taken from
 * either. */
#include "core/image/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/image/content.h"
#include "core/oci/reference.h"
#include "core/store/lease.h"
#include "core/wire/hasher.h"

#define DOCUMENT_MAX (4u << 20)
#define IMAGES_MAX   1000

struct load {
	const struct store *store;
	struct shelf *shelf;
	const struct pull_options *options;
	struct strv *names;     /* what was loaded */
	yyjson_val *docker;     /* manifest.json's array, or NULL */
	struct content content; /* of the present image */
	struct strv files;      /* of its layers, by number */
};

/* --- names --- */

static int tag_as(struct load *l, const char *name, struct err *e)
{
	autodone(tag_done) struct tag t = content_tag(&l->content, name);

	return tag_set(l->store, &t, e);
}

static int tag_name(struct load *l, const char *text, struct err *e)
{
	autodone(reference_done) struct reference ref = { 0 };
	int r = reference_parse(text, &ref, e);

	if (r < 0)
		return err_wrap(e, "name '%s' in the archive", text);
	autofree char *full = reference_full(&ref);
	r = tag_as(l, full, e);
	if (r == 0)
		strv_push(l->names, reference_familiar(&ref));
	return r;
}

static int tag_all(struct load *l, const struct strv *names, struct err *e)
{
	char text[DIGEST_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->len; i++)
		r = tag_name(l, names->v[i], e);
	if (r < 0 || names->len)
		return r;
	r = tag_as(l, NULL, e);
	if (r == 0)
		strv_add(l->names, digest_text(text, &l->content.manifest.config.digest));
	return r;
}

/* --- one image, its documents parsed and its layers' files known --- */

static int store_layers(struct load *l, struct err *e)
{
	struct content *c = &l->content;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->manifest.layers_len; i++) {
		r = shelf_store(l->shelf, l->files.v[i], &c->items[i].blob.digest,
				c->items[i].blob.size, e);
		if (r < 0)
			err_wrap(e, "layer %zu", i + 1);
	}
	return r;
}

static int finish(struct load *l, const struct strv *names, struct err *e)
{
	struct content *c = &l->content;
	int lease = content_lease(c, l->store, e);

	if (lease < 0)
		return lease;
	int r = store_layers(l, e);
	if (r == 0)
		r = content_complete(c, l->store, NULL, l->options, e);
	if (r == 0)
		r = tag_all(l, names, e);
	lease_drop(l->store, lease);
	if (r < 0)
		content_collect(c, l->store);
	return r;
}

static void next_image(struct load *l)
{
	content_done(&l->content);
	l->content = (struct content){ 0 };
	strv_reset(&l->files);
}

/* --- docker-archive --- */

static const char *layer_type(enum compression kind)
{
	return kind == COMPRESSION_GZIP   ? MEDIA_OCI_LAYER_GZIP
	       : kind == COMPRESSION_ZSTD ? MEDIA_OCI_LAYER_ZSTD
					  : MEDIA_OCI_LAYER;
}

static int describe(struct load *l, const char *file, const char *type,
		    struct descriptor *ret, struct err *e)
{
	struct shelf_file f;
	int r = shelf_look(l->shelf, file, &f, e);

	if (r < 0)
		return r;
	if (!type && (f.kind == COMPRESSION_XZ || f.kind == COMPRESSION_BZIP2))
		return err_set(
			e, -EOPNOTSUPP,
			"layer '%s' is compressed with %s, which images cannot be: "
			"use gzip or zstd",
			file, f.kind == COMPRESSION_XZ ? "xz" : "bzip2");
	*ret = (struct descriptor){ .digest = f.digest, .size = f.size };
	str_copy(ret->media_type, sizeof(ret->media_type),
		 type ? type : layer_type(f.kind));
	return 0;
}

/* A docker-archive has no manifest of the kind that the store keeps: one is written. */
static int make_manifest(struct load *l, const char *config, struct err *e)
{
	struct content *c = &l->content;
	autofree struct descriptor *layers = mem_array(l->files.len, sizeof(*layers));
	struct descriptor top;
	struct digest d;
	int r = describe(l, config, MEDIA_OCI_CONFIG, &top, e);

	for (size_t i = 0; r == 0 && i < l->files.len; i++)
		r = describe(l, l->files.v[i], NULL, &layers[i], e);
	if (r < 0)
		return r;
	r = manifest_print(&top, layers, l->files.len, &c->manifest_bytes);
	if (r < 0)
		return err_code(e, r, "manifest");
	hasher_of(buf_str(&c->manifest_bytes), c->manifest_bytes.len, &d);
	return content_manifest(c, MEDIA_OCI_MANIFEST, &d, e);
}

static int load_docker_image(struct load *l, yyjson_val *image, struct err *e)
{
	struct content *c = &l->content;
	autostrv names = { 0 };
	const char *config = NULL;
	int r;

	if ((r = json_get_str(image, "Config", &config, e)) < 0 ||
	    (r = json_get_strv(image, "RepoTags", &names, e)) < 0 ||
	    (r = json_get_strv(image, "Layers", &l->files, e)) < 0)
		return err_wrap(e, "manifest.json");
	if (!config)
		return err_set(e, -EBADMSG, "manifest.json: 'Config' is missing");
	if (l->files.len > MANIFEST_LAYERS_MAX)
		return err_set(e, -E2BIG, "manifest.json: %zu layers, more than %d",
			       l->files.len, MANIFEST_LAYERS_MAX);
	r = make_manifest(l, config, e);
	if (r == 0)
		r = shelf_read(l->shelf, config, IMAGECONFIG_MAX, &c->config_bytes, e);
	if (r == 0)
		r = content_config(c, e);
	return r < 0 ? r : finish(l, &names, e);
}

static int load_docker(struct load *l, struct err *e)
{
	yyjson_val *image;
	size_t i, n;
	int r = 0;

	yyjson_arr_foreach (l->docker, i, n, image) {
		if (r == 0)
			r = load_docker_image(l, image, e);
		next_image(l);
	}
	return r;
}

/* --- OCI layout --- */

/* What names an entry of index.json: containerd's annotation, or a ref name that is more
 * than a tag; else what manifest.json says of the same config. */
static void names_of(struct load *l, const struct strv *annotations, struct strv *ret)
{
	const char *name = strv_getenv(annotations, "io.containerd.image.name");
	const char *ref = strv_getenv(annotations, "org.opencontainers.image.ref.name");
	autofree char *config = content_blob_file(&l->content.manifest.config.digest);
	char hex[DIGEST_TEXT_MAX];
	yyjson_val *image;
	size_t i, n;

	digest_hex(hex, &l->content.manifest.config.digest);
	if (!name && ref && strpbrk(ref, "/:@"))
		name = ref;
	if (name)
		strv_add(ret, name);
	if (name || !l->docker)
		return;
	yyjson_arr_foreach (l->docker, i, n, image) {
		const char *of = NULL;
		if (json_get_str(image, "Config", &of, NULL) < 0 || !of)
			continue;
		if (str_eq(of, config) ||
		    (str_starts(of, hex) && str_eq(of + strlen(hex), ".json")))
			(void)json_get_strv(image, "RepoTags", ret, NULL);
	}
}

static int read_manifest(struct load *l, const struct descriptor *d, struct err *e)
{
	struct content *c = &l->content;
	autofree char *file = content_blob_file(&d->digest);
	struct shelf_file f;
	int r;

	buf_reset(&c->manifest_bytes);
	r = shelf_read(l->shelf, file, MANIFEST_MAX, &c->manifest_bytes, e);
	if (r == 0)
		r = shelf_look(l->shelf, file, &f, e);
	if (r == 0 && d->digest.algorithm == DIGEST_SHA256 &&
	    !digest_eq(&f.digest, &d->digest))
		r = err_set(e, -EBADMSG, "'%s': digest mismatch", file);
	return r < 0 ? r : content_manifest(c, d->media_type, &d->digest, e);
}

static int resolve(struct load *l, const struct descriptor *d, struct err *e)
{
	struct content *c = &l->content;
	struct platform want = l->options->platform;
	int r = read_manifest(l, d, e);

	if (!want.os[0])
		platform_host(&want);
	for (int depth = 0; r == 0 && c->manifest.is_index; depth++) {
		const struct descriptor *next;
		if (depth == MANIFEST_INDEX_DEPTH)
			return err_set(e, -EBADMSG, "indexes are nested deeper than %d",
				       depth);
		r = manifest_select(&c->manifest, &want, &next, e);
		if (r < 0)
			break;
		struct descriptor at = { .digest = next->digest };
		str_copy(at.media_type, sizeof(at.media_type), next->media_type);
		r = read_manifest(l, &at, e);
	}
	return r;
}

static int load_oci_image(struct load *l, const struct descriptor *d, struct err *e)
{
	struct content *c = &l->content;
	autostrv names = { 0 };
	int r = resolve(l, d, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->manifest.layers_len; i++)
		strv_push(&l->files, content_blob_file(&c->manifest.layers[i].digest));
	autofree char *config = content_blob_file(&c->manifest.config.digest);
	struct shelf_file f;
	r = shelf_read(l->shelf, config, IMAGECONFIG_MAX, &c->config_bytes, e);
	if (r == 0)
		r = shelf_look(l->shelf, config, &f, e);
	if (r == 0 && c->manifest.config.digest.algorithm == DIGEST_SHA256 &&
	    !digest_eq(&f.digest, &c->manifest.config.digest))
		r = err_set(e, -EBADMSG, "'%s': digest mismatch", config);
	if (r == 0)
		r = content_config(c, e);
	if (r < 0)
		return r;
	names_of(l, &d->annotations, &names);
	return finish(l, &names, e);
}

static int load_oci(struct load *l, struct err *e)
{
	autobuf text = { .max = DOCUMENT_MAX };
	autodone(manifest_done) struct manifest index = { 0 };
	int r = shelf_read(l->shelf, "index.json", DOCUMENT_MAX, &text, e);

	if (r == 0)
		r = manifest_parse(buf_str(&text), text.len, MEDIA_OCI_INDEX, &index, e);
	if (r < 0)
		return err_wrap(e, "index.json");
	if (index.manifests_len == 0)
		return err_set(e, -ENOENT, "the archive holds no image");
	for (size_t i = 0; r == 0 && i < index.manifests_len; i++) {
		r = load_oci_image(l, &index.manifests[i], e);
		next_image(l);
	}
	return r;
}

int load_all(const struct store *s, struct shelf *sh, const struct pull_options *o,
	     struct strv *ret_names, struct err *e)
{
	struct load l = { .store = s, .shelf = sh, .options = o, .names = ret_names };
	bool docker = shelf_has(sh, "manifest.json"), oci = shelf_has(sh, "index.json");
	autobuf text = { .max = DOCUMENT_MAX };
	autojson *doc = NULL;
	int r = 0;

	if (docker) {
		r = shelf_read(sh, "manifest.json", DOCUMENT_MAX, &text, e);
		if (r == 0)
			r = json_parse(buf_str(&text), text.len, "manifest.json", &doc,
				       e);
		if (r < 0)
			return r;
		l.docker = yyjson_doc_get_root(doc);
		if (!yyjson_is_arr(l.docker) || yyjson_arr_size(l.docker) > IMAGES_MAX)
			return err_set(e, -EBADMSG,
				       "manifest.json is not a list of images");
	}
	if (!docker && !oci)
		return err_set(e, -EINVAL,
			       "neither a docker-archive nor an OCI layout: it has no "
			       "manifest.json and no index.json");
	r = oci ? load_oci(&l, e) : load_docker(&l, e);
	next_image(&l);
	strv_done(&l.files);
	return r;
}
