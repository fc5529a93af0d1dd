/* SPDX-License-Identifier: Apache-2.0 */
#include "core/wire/hasher.h"

#include "tests/unit/test.h"

static bool is(const struct digest *d, const char *want)
{
	char text[DIGEST_TEXT_MAX];

	digest_text(text, d);
	if (strcmp(text, want) == 0)
		return true;
	printf("# %s\n", text);
	return false;
}

/* FIPS 180-4's own examples. */
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(known_values)
{
	struct digest d;

	hasher_of("", 0, &d);
	CHECK(is(&d, EMPTY));
	hasher_of("abc", 3, &d);
	CHECK(is(&d, ABC));
}

TEST(sha512)
{
	struct hasher *h = hasher_new(DIGEST_SHA512);
	struct digest d;

	hasher_add(h, "abc", 3);
	hasher_finish(h, &d);
	CHECK(is(&d,
		 "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
	hasher_free(h);
}

TEST(pieces_copies_and_reuse)
{
	struct hasher *h = hasher_new(DIGEST_SHA256), *copy;
	struct digest d;

	hasher_add(h, "a", 1);
	copy = hasher_copy(h);
	hasher_add(h, NULL, 0);
	hasher_add(h, "xyz", 3);
	hasher_add(copy, "bc", 2);
	hasher_finish(copy, &d);
	CHECK(is(&d, ABC));
	hasher_finish(h, &d);
	CHECK(!is(&d, ABC));
	hasher_add(h, "abc", 3);
	hasher_finish(h, &d);
	CHECK(is(&d, ABC));
	hasher_free(h);
	hasher_free(copy);
	hasher_free(NULL);
}
