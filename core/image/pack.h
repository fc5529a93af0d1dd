/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's blob in the making: tar bytes in, a gzip file in tmp/ out, both sides hashed
 * on the way. */
#ifndef IMAGE_PACK_H
#define IMAGE_PACK_H

#include "core/oci/descriptor.h"
#include "core/store/store.h"

/* What came of it. A plain struct without pointers: it may be carried over a pipe. */
struct pack_result {
	struct digest blob, diff_id;
	uint64_t blob_size, tar_size;
};

struct pack;
int pack_new(const struct store *s, struct pack **ret, struct err *e);
/* 0 or -errno: fits tar_write_fn. */
int pack_write(void *pack, const void *p, size_t n);
/* Once; may be called in a child of the process that adopts. */
int pack_finish(struct pack *p, struct pack_result *ret, struct err *e);
/* The file becomes the blob of r; takes a lease first, which keeps it: *ret_lease
 * (lease_drop). chain: a chainID to be kept as well. */
int pack_adopt(struct pack *p, const struct pack_result *r, const struct digest *chain,
	       int *ret_lease, struct err *e);
/* Removes what was not adopted; NULL is fine. */
void pack_free(struct pack *p);

#endif
