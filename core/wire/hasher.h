/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming content hash, by OpenSSL. Apart from digest.h because the inner executable,
 * which carries no OpenSSL, reads and writes digests too. */
#ifndef WIRE_HASHER_H
#define WIRE_HASHER_H

#include <stddef.h>

#include "core/wire/digest.h"

struct hasher;
struct hasher *hasher_new(enum digest_algorithm a);
void hasher_add(struct hasher *h, const void *p, size_t n);
/* Gives the digest and starts anew. */
void hasher_finish(struct hasher *h, struct digest *ret);
/* An independent copy of the state so far. */
struct hasher *hasher_copy(const struct hasher *h);
void hasher_free(struct hasher *h);
/* sha256 of one piece. */
void hasher_of(const void *p, size_t n, struct digest *ret);

#endif
