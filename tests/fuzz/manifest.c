/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/oci/manifest.c and descriptor.c. The first byte picks what the
 * transport says. */
#include <stdint.h>
#include <stdlib.h>

#include "core/oci/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written(const struct descriptor *d)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = yyjson_mut_obj(doc);
	autojson *in = NULL;
	struct descriptor again = { 0 };
	autobuf b = { 0 };

	yyjson_mut_doc_set_root(doc, obj);
	descriptor_build(d, doc, obj);
	/* A map made of "a=b=c" can come to hold a key twice; only that may be refused.
	 */
	if (json_print(&b, doc, false) < 0)
		abort();
	if (json_parse(b.data, b.len, "again", &in, NULL) < 0)
		return;
	if (descriptor_parse(yyjson_doc_get_root(in), &again, NULL) < 0 ||
	    !digest_eq(&again.digest, &d->digest) || again.size != d->size)
		abort();
	descriptor_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "", MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST,
					     MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST };
	const struct descriptor *d = NULL;
	struct manifest m = { 0 };
	struct platform p;
	struct err e = { 0 };

	if (size < 1 ||
	    manifest_parse(data + 1, size - 1, types[data[0] % 5], &m, &e) < 0)
		return 0;
	if (m.is_index != (m.layers_len == 0 && !digest_is_set(&m.config.digest)))
		abort();
	if (m.layers_len > MANIFEST_LAYERS_MAX ||
	    m.manifests_len > MANIFEST_INDEX_ENTRIES)
		abort();
	for (size_t i = 0; i < m.layers_len; i++)
		written(&m.layers[i]);
	platform_host(&p);
	if (m.is_index)
		manifest_select(&m, &p, &d, &e);
	manifest_done(&m);
	return 0;
}
