/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests: text to bytes and back. */
#include "core/wire/digest.h"

#include <errno.h>

#include "core/base/str.h"

static size_t algorithm_size(enum digest_algorithm a)
{
	return a == DIGEST_SHA256 ? 32 : a == DIGEST_SHA512 ? 64 : 0;
}

const char *digest_algorithm_name(enum digest_algorithm a)
{
	return a == DIGEST_SHA256 ? "sha256" : a == DIGEST_SHA512 ? "sha512" : "none";
}

int digest_parse(const char *text, struct digest *ret)
{
	struct digest d = { 0 };

	if (str_starts(text, "sha256:"))
		d.algorithm = DIGEST_SHA256;
	else if (str_starts(text, "sha512:"))
		d.algorithm = DIGEST_SHA512;
	else
		return -EINVAL;
	text += strlen("sha256:");
	if (str_unhex(d.bytes, algorithm_size(d.algorithm), text, strlen(text)) < 0)
		return -EINVAL;
	*ret = d;
	return 0;
}

char *digest_hex(char dst[DIGEST_TEXT_MAX], const struct digest *d)
{
	str_hex(dst, d->bytes, algorithm_size(d->algorithm));
	return dst;
}

char *digest_text(char dst[DIGEST_TEXT_MAX], const struct digest *d)
{
	char hex[DIGEST_TEXT_MAX];

	if (!digest_is_set(d))
		dst[0] = '\0';
	else
		str_print(dst, DIGEST_TEXT_MAX, "%s:%s",
			  digest_algorithm_name(d->algorithm), digest_hex(hex, d));
	return dst;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
	return a->algorithm == b->algorithm &&
	       memcmp(a->bytes, b->bytes, algorithm_size(a->algorithm)) == 0;
}

bool digest_is_set(const struct digest *d)
{
	return d->algorithm != DIGEST_NONE;
}
