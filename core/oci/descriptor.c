/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and media types. */
#include "core/oci/descriptor.h"

#include <errno.h>
#include <limits.h>

#include "core/base/mem.h"
#include "core/base/str.h"

#define MEDIA_OCI_NONDIST    "application/vnd.oci.image.layer.nondistributable."
#define MEDIA_DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign."

static const struct {
	const char *media_type;
	enum descriptor_kind kind;
} kinds[] = {
	{ MEDIA_OCI_INDEX, DESCRIPTOR_INDEX },
	{ MEDIA_DOCKER_LIST, DESCRIPTOR_INDEX },
	{ MEDIA_OCI_MANIFEST, DESCRIPTOR_MANIFEST },
	{ MEDIA_DOCKER_MANIFEST, DESCRIPTOR_MANIFEST },
	{ MEDIA_OCI_CONFIG, DESCRIPTOR_CONFIG },
	{ MEDIA_DOCKER_CONFIG, DESCRIPTOR_CONFIG },
	{ MEDIA_OCI_LAYER, DESCRIPTOR_LAYER },
	{ MEDIA_OCI_LAYER_GZIP, DESCRIPTOR_LAYER },
	{ MEDIA_OCI_LAYER_ZSTD, DESCRIPTOR_LAYER },
	{ MEDIA_DOCKER_LAYER, DESCRIPTOR_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar", DESCRIPTOR_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", DESCRIPTOR_LAYER },
};

static int parse_platform(yyjson_val *obj, struct platform *p, struct err *e)
{
	yyjson_val *v = NULL;
	int r = json_get_obj(obj, "platform", &v, e);

	if (r < 0 || !v)
		return r;
	r = json_get_text(v, "os", p->os, sizeof(p->os), e);
	if (r == 0)
		r = json_get_text(v, "architecture", p->architecture,
				  sizeof(p->architecture), e);
	if (r == 0)
		r = json_get_text(v, "variant", p->variant, sizeof(p->variant), e);
	return r;
}

static int parse_size(yyjson_val *obj, uint64_t *ret, struct err *e)
{
	int64_t size = -1;
	int r = json_get_i64(obj, "size", &size, e);

	if (r < 0)
		return r;
	if (size < 0)
		return err_set(e, -EINVAL, "'size' is missing or negative");
	*ret = (uint64_t)size;
	return 0;
}

/* Foreign layers would be fetched from wherever the document says (CVE-2020-15157). */
static int refuse_foreign(yyjson_val *obj, const char *media_type, struct err *e)
{
	yyjson_val *urls = NULL;
	int r = json_get_arr(obj, "urls", &urls, e);

	if (r < 0)
		return r;
	if (yyjson_arr_size(urls) > 0 || str_starts(media_type, MEDIA_OCI_NONDIST) ||
	    str_starts(media_type, MEDIA_DOCKER_FOREIGN))
		return err_set(e, -EINVAL, "foreign layers ('urls') are not supported");
	return 0;
}

int descriptor_parse(yyjson_val *obj, struct descriptor *ret, struct err *e)
{
	autodone(descriptor_done) struct descriptor d = { 0 };
	const char *text = NULL;
	int r;

	if (!yyjson_is_obj(obj))
		return err_set(e, -EINVAL, "a descriptor is not an object");
	r = json_get_text(obj, "mediaType", d.media_type, sizeof(d.media_type), e);
	if (r == 0)
		r = json_get_str(obj, "digest", &text, e);
	if (r == 0 && (!text || digest_parse(text, &d.digest) < 0))
		r = err_set(e, -EINVAL, "'%.150s' is not a sha256 or sha512 digest",
			    text ? text : "");
	if (r == 0)
		r = parse_size(obj, &d.size, e);
	if (r == 0)
		r = refuse_foreign(obj, d.media_type, e);
	if (r == 0)
		r = parse_platform(obj, &d.platform, e);
	if (r == 0)
		r = json_get_map(obj, "annotations", &d.annotations, e);
	if (r < 0)
		return r;
	*ret = d;
	d = (struct descriptor){ 0 };
	return 0;
}

static void build_platform(const struct platform *p, yyjson_mut_doc *doc,
			   yyjson_mut_val *obj)
{
	yyjson_mut_val *v;

	if (!p->os[0] && !p->architecture[0])
		return;
	v = json_add_obj(doc, obj, "platform");
	json_add_str(doc, v, "architecture", p->architecture);
	json_add_str(doc, v, "os", p->os);
	if (p->variant[0])
		json_add_str(doc, v, "variant", p->variant);
}

void descriptor_build(const struct descriptor *d, yyjson_mut_doc *doc,
		      yyjson_mut_val *obj)
{
	char text[DIGEST_TEXT_MAX];

	if (d->media_type[0])
		json_add_str(doc, obj, "mediaType", d->media_type);
	json_add_str(doc, obj, "digest", digest_text(text, &d->digest));
	yyjson_mut_obj_add_uint(doc, obj, "size", d->size);
	build_platform(&d->platform, doc, obj);
	if (d->annotations.len > 0)
		json_add_map(doc, obj, "annotations", &d->annotations);
}

enum descriptor_kind descriptor_kind(const struct descriptor *d)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_eq(d->media_type, kinds[i].media_type))
			return kinds[i].kind;
	}
	return DESCRIPTOR_UNKNOWN;
}

void descriptor_done(struct descriptor *d)
{
	strv_done(&d->annotations);
	*d = (struct descriptor){ 0 };
}
