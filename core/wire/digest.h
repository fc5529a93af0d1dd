/* SPDX-License-Identifier: Apache-2.0 */
/* Content digests (OCI image-spec descriptor.md, "Digests"): parsed once, held as bytes.
 */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "sha512:" + 128 digits + NUL */
#define DIGEST_TEXT_MAX 136

enum digest_algorithm { DIGEST_NONE, DIGEST_SHA256, DIGEST_SHA512 };

struct digest {
	enum digest_algorithm algorithm;
	uint8_t bytes[64]; /* the first 32 for sha256; the rest zero */
};

/* "sha256:<64 lower-case hex>" or sha512; -EINVAL else. Whole string. */
int digest_parse(const char *text, struct digest *ret);
/* "" when unset. */
char *digest_text(char dst[DIGEST_TEXT_MAX], const struct digest *d);
/* Only the hex part. */
char *digest_hex(char dst[DIGEST_TEXT_MAX], const struct digest *d);
const char *digest_algorithm_name(enum digest_algorithm a);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_set(const struct digest *d);

#endif
