/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oci/manifest.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/base/str.h"
#include "tests/unit/test.h"

#define HEX  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DESC "\"digest\":\"sha256:" HEX "\",\"size\":10"
#define CONF "\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG "\"," DESC "}"
#define LAYR "\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\"," DESC "}]"
#define MANS "\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\"," DESC "}]"
#define V2   "{\"schemaVersion\":2,"

static int try(const char *text, const char *media_type, struct err *e)
{
	struct manifest m = { 0 };
	int r;

	err_clear(e);
	r = manifest_parse(text, strlen(text), media_type, &m, e);
	manifest_done(&m);
	return r;
}

TEST(a_manifest)
{
	static const char text[] = V2
		"\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"," CONF ","
		"\"layers\":[{\"mediaType\":\"" MEDIA_DOCKER_LAYER "\"," DESC
		",\"annotations\":{\"a\":\"b\"}},{\"mediaType\":\"" MEDIA_OCI_LAYER_ZSTD
		"\"," DESC ",\"urls\":[]}]}";
	struct manifest m = { 0 };
	struct err e = { 0 };

	CHECK_INT(manifest_parse(text, strlen(text), "", &m, &e), 0);
	CHECK_STR(m.media_type, MEDIA_DOCKER_MANIFEST);
	CHECK(!m.is_index);
	CHECK_INT(m.layers_len, 2);
	CHECK_INT(descriptor_kind(&m.config), DESCRIPTOR_CONFIG);
	CHECK_INT(descriptor_kind(&m.layers[0]), DESCRIPTOR_LAYER);
	CHECK_INT(m.layers[0].size, 10);
	CHECK_STR(m.layers[0].annotations.v[0], "a=b");
	manifest_done(&m);
	manifest_done(&m);
}

TEST(types_must_agree)
{
	struct err e = { 0 };

	CHECK_INT(try(V2 CONF "," LAYR "}", "", &e), 0);
	CHECK_INT(try(V2 CONF "," LAYR "}", MEDIA_OCI_MANIFEST, &e), 0);
	CHECK_INT(try(V2 CONF "," LAYR "}",
		      "Application/VND.oci.image.manifest.v1+json; q=1", &e),
		  0);
	CHECK_INT(try(V2 CONF "," LAYR "}", "application/json", &e), 0);
	CHECK_INT(try(V2 CONF "," LAYR "}", NULL, &e), 0);
	CHECK_INT(try(V2 MANS "}", "", &e), 0);
	CHECK_INT(try(V2 MANS "}", MEDIA_DOCKER_LIST, &e), 0);
	/* CVE-2021-41190 and its like */
	CHECK_INT(try(V2 CONF "," LAYR "}", MEDIA_OCI_INDEX, &e), -EINVAL);
	CHECK_INT(try(V2 MANS "}", MEDIA_OCI_MANIFEST, &e), -EINVAL);
	CHECK_INT(try(V2 CONF "," LAYR "," MANS "}", "", &e), -EINVAL);
	CHECK_INT(try(V2 LAYR "," MANS "}", MEDIA_OCI_INDEX, &e), -EINVAL);
	CHECK_INT(try(V2 "\"mediaType\":\"" MEDIA_OCI_INDEX "\"," MANS "}",
		      MEDIA_DOCKER_LIST, &e),
		  -EINVAL);
	CHECK_INT(try(V2 "\"mediaType\":\"" MEDIA_OCI_INDEX "\"," CONF "," LAYR "}", "",
		      &e),
		  -EINVAL);
	CHECK_INT(try(V2 CONF "," LAYR "}",
		      "application/vnd.docker.distribution.manifest.v1+prettyjws", &e),
		  -EINVAL);
	CHECK_INT(try(V2 CONF "," LAYR ",\"fsLayers\":[]}", "", &e), -EINVAL);
	CHECK_INT(try(V2 "\"mediaType\":\"x\"," CONF "," LAYR "}", "", &e), -EINVAL);
}

TEST(refused)
{
	static const char *const bad[] = {
		"[]",
		"{}",
		"{\"schemaVersion\":1," CONF "," LAYR "}",
		"{\"schemaVersion\":\"2\"," CONF "," LAYR "}",
		"{" CONF "," LAYR "}",
		V2 "\"x\":1}",
		V2 CONF "}",
		V2 LAYR "}",
		V2 "\"config\":null," LAYR "}",
		V2 "\"config\":[]," LAYR "}",
		V2 CONF ",\"layers\":{}}",
		V2 CONF ",\"layers\":[1]}",
		V2 CONF ",\"layers\":[{\"digest\":\"sha256:" HEX "\",\"size\":-1}]}",
		V2 CONF ",\"layers\":[{\"digest\":\"sha256:" HEX "\"}]}",
		V2 CONF ",\"layers\":[{\"digest\":\"sha256:" HEX "\",\"size\":1.5}]}",
		V2 CONF ",\"layers\":[{\"digest\":\"sha256:" HEX
			"\",\"size\":18446744073709551615}]}",
		V2 CONF
		",\"layers\":[{\"digest\":\"sha256:../../../../etc\",\"size\":1}]}",
		V2 CONF ",\"layers\":[{\"size\":1}]}",
		V2 CONF ",\"layers\":[{\"urls\":[\"http://x\"]," DESC "}]}",
		V2 CONF ",\"layers\":[{\"urls\":5," DESC "}]}",
		V2 CONF ",\"layers\":[{\"mediaType\":\"application/"
			"vnd.oci.image.layer.nondistributable"
			".v1.tar\"," DESC "}]}",
		V2 CONF ",\"layers\":[{\"platform\":{\"os\":"
			"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}," DESC "}]}",
		V2 "\"manifests\":null}",
	};
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (try(bad[i], "", &e) != -EINVAL)
			test_fail(__FILE__, __LINE__, "case %zu is taken", i);
		CHECK(e.text[0] != '\0');
	}
	try(V2 CONF ",\"layers\":[{\"digest\":\"sha256:" HEX "\",\"size\":-1}]}", "", &e);
	CHECK_STR(e.text, "layers[0]: 'size' is missing or negative");
}

static int counted(const char *key, const char *item, int n, struct err *e)
{
	autobuf b = { 0 };

	buf_addf(&b, V2 "%s\"%s\":[", str_eq(key, "layers") ? CONF "," : "", key);
	for (int i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", item);
	buf_adds(&b, "]}");
	return try(buf_str(&b), "", e);
}

TEST(limits)
{
	struct err e = { 0 };
	autofree char *big = mem_alloc(MANIFEST_MAX + 2);
	struct manifest m = { 0 };

	CHECK_INT(counted("layers", "{" DESC "}", MANIFEST_LAYERS_MAX, &e), 0);
	CHECK_INT(counted("layers", "{" DESC "}", MANIFEST_LAYERS_MAX + 1, &e), -E2BIG);
	CHECK_INT(counted("manifests", "{" DESC "}", MANIFEST_INDEX_ENTRIES, &e), 0);
	CHECK_INT(counted("manifests", "{" DESC "}", MANIFEST_INDEX_ENTRIES + 1, &e),
		  -E2BIG);
	memset(big, ' ', MANIFEST_MAX + 1);
	CHECK_INT(manifest_parse(big, MANIFEST_MAX + 1, "", &m, &e), -E2BIG);
	CHECK_INT(manifest_parse(big, MANIFEST_MAX, "", &m, &e), -EINVAL);
}

#define FOR(platform, n) \
	"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX \
	"\",\"size\":" n ",\"platform\":{" platform "}}"

TEST(selecting)
{
	static const char text[] = V2 "\"manifests\":[" FOR(
		"\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"",
		"1") "," FOR("\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":"
			     "\"v7\"",
			     "2") "," FOR("\"os\":\"linux\",\"architecture\":\"arm64\","
					  "\"variant\":\"v8\"",
					  "3") "," FOR("\"os\":\"unknown\","
						       "\"architecture\":\"unknown\"",
						       "4") ","
							    "{\"mediaType\":"
							    "\"application/x\"," DESC
							    ",\"platform\":{\"os\":"
							    "\"linux\","
							    "\"architecture\":\"s390x\"}}"
							    "]}";
	struct manifest m = { 0 };
	const struct descriptor *d = NULL;
	struct platform p;
	struct err e = { 0 };

	CHECK_INT(manifest_parse(text, strlen(text), "", &m, &e), 0);
	CHECK_STR(e.text, "");
	platform_parse("linux/arm64", &p, NULL);
	CHECK_INT(manifest_select(&m, &p, &d, &e), 0);
	CHECK_INT(d->size, 3);
	platform_parse("linux/arm", &p, NULL);
	CHECK_INT(manifest_select(&m, &p, &d, &e), 0);
	CHECK_INT(d->size, 2);
	platform_parse("linux/arm/v6", &p, NULL);
	CHECK_INT(manifest_select(&m, &p, &d, &e), 0);
	CHECK_INT(d->size, 1);
	platform_parse("linux/arm/v5", &p, NULL);
	CHECK_INT(manifest_select(&m, &p, &d, &e), -ENOENT);
	err_clear(&e);
	platform_parse("linux/s390x", &p, NULL); /* there, but no manifest */
	CHECK_INT(manifest_select(&m, &p, &d, &e), -ENOENT);
	CHECK_STR(e.text,
		  "no image for platform 'linux/s390x' (has linux/arm/v6, linux/arm/v7, "
		  "linux/arm64/v8, linux/s390x)");
	manifest_done(&m);
}

TEST(selecting_without_platforms)
{
	struct manifest m = { 0 };
	const struct descriptor *d = NULL;
	struct platform p;
	struct err e = { 0 };

	CHECK_INT(manifest_parse(V2 MANS "}", strlen(V2 MANS "}"), "", &m, &e), 0);
	platform_host(&p);
	CHECK_INT(manifest_select(&m, &p, &d, &e), 0);
	CHECK(d == &m.manifests[0]);
	manifest_done(&m);
}

TEST(descriptors_written)
{
	autojson_mut *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	autojson *in = NULL;
	struct descriptor d = { 0 };
	struct err e = { 0 };
	autobuf b = { 0 };
	static const char text[] =
		"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"sha256:" HEX
		"\",\"size\":10,\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\","
		"\"variant\":\"v7\"},"
		"\"annotations\":{\"k\":\"v=1\"}}";

	CHECK_INT(json_parse(text, strlen(text), "d", &in, &e), 0);
	CHECK_INT(descriptor_parse(yyjson_doc_get_root(in), &d, &e), 0);
	yyjson_mut_doc_set_root(doc, o);
	descriptor_build(&d, doc, o);
	json_print(&b, doc, false);
	CHECK_STR(buf_str(&b), text);
	descriptor_done(&d);
}
