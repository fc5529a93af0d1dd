/* SPDX-License-Identifier: Apache-2.0 */
#include "core/store/tag.h"

#include <errno.h>

#include "core/base/mem.h"
#include "core/wire/hasher.h"
#include "tests/unit/store/tmpstore.h"

static struct tag tag_of(char *name, const char *image)
{
	struct tag t = { .name = name, .repo = (char *)"docker.io/library/x" };

	str_copy(t.manifest.media_type, sizeof(t.manifest.media_type),
		 MEDIA_OCI_MANIFEST);
	hasher_of(image, strlen(image), &t.image_id);
	hasher_of(image, 1, &t.manifest.digest);
	hasher_of(image, 2, &t.repo_digest);
	t.manifest.size = 7;
	return t;
}

TEST(set_move_remove)
{
	struct tmpstore t = tmpstore_open();
	autodone(tags_done) struct tags tags = { 0 };
	struct err e = { 0 };
	struct tag a = tag_of((char *)"docker.io/library/a:latest", "image one");
	struct tag b = tag_of((char *)"docker.io/library/b:1", "image one");
	struct tag c = tag_of((char *)"docker.io/library/a:latest", "two images");

	CHECK_INT(tag_set(&t.store, &a, &e), 0);
	CHECK_INT(tag_set(&t.store, &a, &e), 0);
	CHECK_INT(tag_set(&t.store, &b, &e), 0);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 2);
	CHECK_STR(tags.v[0].name, a.name);
	CHECK(digest_eq(&tags.v[0].image_id, &a.image_id));
	CHECK(digest_eq(&tags.v[0].repo_digest, &a.repo_digest));
	CHECK_STR(tags.v[0].repo, a.repo);
	CHECK(tags.v[0].updated > 0);
	CHECK_INT(tags.v[0].manifest.size, 7);
	tags_done(&tags);

	/* a moves; its old image keeps the name b: nothing dangles */
	CHECK_INT(tag_set(&t.store, &c, &e), 0);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 2);
	tags_done(&tags);

	/* b goes: kept as dangling */
	CHECK_INT(tag_remove(&t.store, b.name, true, &e), 0);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 2);
	CHECK(tags.v[0].name == NULL || tags.v[1].name == NULL);
	tags_done(&tags);

	/* named again: dangling no more */
	CHECK_INT(tag_set(&t.store, &b, &e), 0);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 2);
	tags_done(&tags);

	CHECK_INT(tag_remove(&t.store, b.name, false, &e), 0);
	CHECK_INT(tag_remove(&t.store, b.name, false, &e), -ENOENT);
	CHECK_INT(tag_remove_image(&t.store, &c.image_id, &e), 0);
	CHECK_INT(tag_remove_image(&t.store, &c.image_id, &e), -ENOENT);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 0);
	tmpstore_close(&t);
}

TEST(moved_tag_leaves_a_dangling_image)
{
	struct tmpstore t = tmpstore_open();
	autodone(tags_done) struct tags tags = { 0 };
	struct err e = { 0 };
	struct tag a = tag_of((char *)"docker.io/library/a:latest", "image one");
	struct tag b = tag_of((char *)"docker.io/library/a:latest", "other");

	CHECK_INT(tag_set(&t.store, &a, &e), 0);
	CHECK_INT(tag_set(&t.store, &b, &e), 0);
	CHECK_INT(tag_list(&t.store, &tags, &e), 0);
	CHECK_INT(tags.len, 2);
	CHECK(tags.v[0].name == NULL);
	CHECK(digest_eq(&tags.v[0].image_id, &a.image_id));
	CHECK_STR(tags.v[1].name, b.name);
	tmpstore_close(&t);
}

TEST(damaged_index_is_one_error)
{
	struct tmpstore t = tmpstore_open();
	autodone(tags_done) struct tags tags = { 0 };
	struct err e = { 0 };

	CHECK_INT(file_replace(t.store.oci_fd, "index.json", "{\"man", 5, 0644), 0);
	CHECK(tag_list(&t.store, &tags, &e) < 0);
	CHECK(strstr(e.text, "oci/index.json") != NULL);
	tmpstore_close(&t);
}
