/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of core/store/tag.c: index.json of the store's layout. A list that reads
 * takes one more name, and loses none by it. */
#include "core/store/tag.h"
#include "tests/fuzz/fuzz.h"

#define NAME "localhost/fuzz:latest"
#define HASH "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static size_t named(const struct tags *all, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < all->len; i++)
		n += str_eq(all->v[i].name, name);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autodone(tags_done) struct tags all = { 0 }, after = { 0 };
	autodone(tag_done) struct tag t = { .name = str_dup(NAME) };
	struct store s = { .data = (char *)"fuzz" };
	struct err e = { 0 };

	s.oci_fd = s.data_fd = fuzz_dirfd();
	fuzz_file(s.oci_fd, "index.json", data, size);
	if (tag_list(&s, &all, &e) < 0) {
		must(e.text[0]);
		return 0;
	}
	must(digest_parse(HASH, &t.image_id) == 0);
	t.manifest.digest = t.image_id;
	if (tag_set(&s, &t, &e) < 0) {
		must(e.text[0]);
		return 0;
	}
	must(tag_list(&s, &after, &e) == 0 && named(&after, NAME) == 1);
	for (size_t i = 0; i < all.len; i++)
		must(!all.v[i].name || named(&after, all.v[i].name) > 0);
	return 0;
}
