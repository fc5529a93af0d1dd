/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming content hash over OpenSSL's EVP, which picks SHA instructions at run time. */
#include "core/wire/hasher.h"

#include <openssl/evp.h>

#include "core/base/mem.h"

struct hasher {
	enum digest_algorithm algorithm;
	EVP_MD_CTX *md;
};

/* EVP fails here only without memory or without a default provider: nothing to go on
 * with.
 */
static void must(int ok)
{
	if (!ok)
		abort();
}

static void start(struct hasher *h)
{
	must(EVP_DigestInit_ex(
		h->md, h->algorithm == DIGEST_SHA512 ? EVP_sha512() : EVP_sha256(),
		NULL));
}

struct hasher *hasher_new(enum digest_algorithm a)
{
	struct hasher *h = mem_new(struct hasher);

	h->algorithm = a == DIGEST_SHA512 ? DIGEST_SHA512 : DIGEST_SHA256;
	h->md = EVP_MD_CTX_new();
	must(h->md != NULL);
	start(h);
	return h;
}

void hasher_add(struct hasher *h, const void *p, size_t n)
{
	if (n > 0)
		must(EVP_DigestUpdate(h->md, p, n));
}

void hasher_finish(struct hasher *h, struct digest *ret)
{
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	must(EVP_DigestFinal_ex(h->md, out, &n));
	*ret = (struct digest){ .algorithm = h->algorithm };
	must(n <= sizeof(ret->bytes));
	memcpy(ret->bytes, out, n);
	start(h);
}

struct hasher *hasher_copy(const struct hasher *h)
{
	struct hasher *copy = mem_new(struct hasher);

	copy->algorithm = h->algorithm;
	copy->md = EVP_MD_CTX_new();
	must(copy->md != NULL);
	must(EVP_MD_CTX_copy_ex(copy->md, h->md));
	return copy;
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->md);
	free(h);
}

void hasher_of(const void *p, size_t n, struct digest *ret)
{
	struct hasher *h = hasher_new(DIGEST_SHA256);

	hasher_add(h, p, n);
	hasher_finish(h, ret);
	hasher_free(h);
}
