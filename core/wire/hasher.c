/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming content hash by OpenSSL's SHA functions, which pick SHA instructions at run
 * time. Not by EVP: its provider takes half a millisecond to set up, which every start of
 * a container would pay for one small digest. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "core/wire/hasher.h"

#include <openssl/sha.h>

#include "core/base/mem.h"

struct hasher {
	enum digest_algorithm algorithm;
	union {
		SHA256_CTX sha256;
		SHA512_CTX sha512;
	};
};

static void start(struct hasher *h)
{
	if (h->algorithm == DIGEST_SHA512)
		SHA512_Init(&h->sha512);
	else
		SHA256_Init(&h->sha256);
}

struct hasher *hasher_new(enum digest_algorithm a)
{
	struct hasher *h = mem_new(struct hasher);

	h->algorithm = a == DIGEST_SHA512 ? DIGEST_SHA512 : DIGEST_SHA256;
	start(h);
	return h;
}

void hasher_add(struct hasher *h, const void *p, size_t n)
{
	if (n == 0)
		return;
	if (h->algorithm == DIGEST_SHA512)
		SHA512_Update(&h->sha512, p, n);
	else
		SHA256_Update(&h->sha256, p, n);
}

void hasher_finish(struct hasher *h, struct digest *ret)
{
	*ret = (struct digest){ .algorithm = h->algorithm };
	if (h->algorithm == DIGEST_SHA512)
		SHA512_Final(ret->bytes, &h->sha512);
	else
		SHA256_Final(ret->bytes, &h->sha256);
	start(h);
}

struct hasher *hasher_copy(const struct hasher *h)
{
	return mem_dup(h, sizeof(*h));
}

void hasher_free(struct hasher *h)
{
	free(h);
}

void hasher_of(const void *p, size_t n, struct digest *ret)
{
	struct hasher h = { .algorithm = DIGEST_SHA256 };

	start(&h);
	hasher_add(&h, p, n);
	hasher_finish(&h, ret);
}
