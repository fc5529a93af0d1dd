/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/gc.h"

#include "core/base/fd.h"
#include "core/base/mem.h"
#include "core/oci/imageconfig.h"
#include "core/store/blob.h"
#include "core/store/layer.h"
#include "core/store/lease.h"
#include "core/store/tag.h"
#include "tests/unit/store/tmpstore.h"

/* An image of one layer; *chain is its layer. */
static struct tag make_image(const struct store *s, const char *what,
			     struct digest *chain)
{
	char text[1024], a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
	struct layer_maker *m = NULL;
	struct err e = { 0 };
	struct digest blob;
	struct tag t = { 0 };

	CHECK_INT(blob_put(s, what, strlen(what), &blob, &e), 0);
	str_print(text, sizeof(text),
		  "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
		  "\"layers\","
		  "\"diff_ids\":[\"%s\"]}}",
		  digest_text(a, &blob));
	CHECK_INT(blob_put(s, text, strlen(text), &t.image_id, &e), 0);
	size_t size = strlen(text);
	str_print(text, sizeof(text),
		  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
		  "\",\"config\":"
		  "{\"mediaType\":\"" MEDIA_OCI_CONFIG
		  "\",\"digest\":\"%s\",\"size\":%zu},"
		  "\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER
		  "\",\"digest\":\"%s\",\"size\":%zu}]}",
		  digest_text(a, &t.image_id), size, digest_text(b, &blob), strlen(what));
	CHECK_INT(blob_put(s, text, strlen(text), &t.manifest.digest, &e), 0);
	t.manifest.size = strlen(text);
	str_copy(t.manifest.media_type, sizeof(t.manifest.media_type),
		 MEDIA_OCI_MANIFEST);
	imageconfig_chain_id(&blob, 1, chain);
	struct layer l = { .chain_id = *chain, .diff_id = blob, .size = 10 };
	CHECK_INT(layer_make(s, chain, false, &m, &e), 0);
	CHECK_INT(layer_seal(m, &l, &e), 0);
	CHECK_INT(layer_commit(m, &e), 0);
	CHECK_STR(e.text, "");
	return t;
}

TEST(collects_what_nothing_uses)
{
	struct tmpstore t = tmpstore_open();
	struct store *s = &t.store;
	struct digest ca, cb, cc, loose;
	struct err e = { 0 };
	char hex[DIGEST_TEXT_MAX];
	autostrv keep = { 0 };
	uint64_t bytes = 0;

	struct tag a = make_image(s, "layer a", &ca);
	struct tag b = make_image(s, "layer b", &cb);
	(void)make_image(s, "layer c", &cc);
	a.name = (char *)"docker.io/library/a:latest";
	CHECK_INT(tag_set(s, &a, &e), 0);
	CHECK_INT(blob_put(s, "loose", 5, &loose, &e), 0);
	strv_add(&keep, digest_hex(hex, &cb)); /* a container holds b's layer */
	autoclose int lock = gc_lock(s, true, &e);
	CHECK(lock >= 0);
	CHECK_INT(gc_collect(s, &keep, &bytes, &e), 0);
	CHECK(blob_has(s, &a.manifest.digest) && blob_has(s, &a.image_id));
	CHECK(layer_has(s, &ca) && layer_has(s, &cb) && !layer_has(s, &cc));
	CHECK(!blob_has(s, &b.manifest.digest) && !blob_has(s, &loose));
	CHECK(bytes > 15);
	CHECK_INT(gc_sweep(s, &e), 0);
	tmpstore_close(&t);
}

TEST(a_lease_keeps)
{
	struct tmpstore t = tmpstore_open();
	struct store *s = &t.store;
	struct err e = { 0 };
	struct digest d[2];
	size_t n = 0;

	CHECK_INT(blob_put(s, "one", 3, &d[0], &e), 0);
	CHECK_INT(blob_put(s, "two", 3, &d[1], &e), 0);
	int lease = lease_take(s, d, 1, &e);
	CHECK(lease >= 0);
	CHECK_INT(gc_collect(s, NULL, NULL, &e), 0);
	CHECK(blob_has(s, &d[0]) && !blob_has(s, &d[1]));
	CHECK_INT(gc_pending(s, &n, &e), 0);
	CHECK_INT(n, 0);
	lease_drop(s, lease);
	CHECK_INT(gc_collect(s, NULL, NULL, &e), 0);
	CHECK(!blob_has(s, &d[0]));
	tmpstore_close(&t);
}

TEST(old_parts_go)
{
	struct tmpstore t = tmpstore_open();
	struct err e = { 0 };
	struct timespec old[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	size_t n = 0;

	CHECK_INT(file_replace(t.store.tmp_fd, "00.part", "x", 1, 0644), 0);
	CHECK_INT(gc_pending(&t.store, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(utimensat(t.store.tmp_fd, "00.part", old, 0), 0);
	CHECK_INT(gc_sweep(&t.store, &e), 0);
	CHECK_INT(faccessat(t.store.tmp_fd, "00.part", F_OK, 0), -1);
	tmpstore_close(&t);
}
