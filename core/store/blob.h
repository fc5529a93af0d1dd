/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of the OCI layout: oci/blobs/ALG/HEX. Content is checked before it counts. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

bool blob_has(const struct store *s, const struct digest *d);
/* As blob_has, and of that size (a power cut may leave an empty file). */
bool blob_has_size(const struct store *s, const struct digest *d, uint64_t size);
/* Read-only fd or -errno; *ret_size may be NULL. */
int blob_open(const struct store *s, const struct digest *d, uint64_t *ret_size);
/* Whole content, at most max bytes, its digest checked again. */
int blob_read(const struct store *s, const struct digest *d, size_t max, struct buf *out,
	      struct err *e);
/* Stores these bytes; *ret their sha256. Nothing happens when it is there already. Not
 * synced: layer_sync comes before the tag that needs it. */
int blob_put(const struct store *s, const void *p, size_t n, struct digest *ret,
	     struct err *e);

/* Download in progress: tmp/HEX.part, resumable, locked by its writer (flock: two pulls
 * of one blob make one download; the second waits, then finds the blob). */
struct blob_writer;
struct blob_want {
	struct digest digest;
	uint64_t size; /* bytes it must have */
	bool wait;     /* for another process that downloads it; false: -EWOULDBLOCK */
};
/* *ret NULL with 0: the blob is there by now. *ret_offset: bytes that a former try left,
 * already hashed again. Whoever waits must hold no other part or layer, else two
 * processes may wait for each other. */
int blob_write(const struct store *s, const struct blob_want *want,
	       struct blob_writer **ret, uint64_t *ret_offset, struct err *e);
/* -EFBIG past the promised size. */
int blob_add(struct blob_writer *w, const void *p, size_t n, struct err *e);
/* Bytes so far. */
uint64_t blob_offset(const struct blob_writer *w);
/* The part, opened anew for reading only: for one that follows it. fd or -errno. */
int blob_follow(const struct blob_writer *w);
/* Drops what was written (the server ignored the range). */
int blob_restart(struct blob_writer *w, struct err *e);
/* Is it whole (-ENODATA else) and right (-EBADMSG else)? Changes nothing. */
int blob_check(const struct blob_writer *w, struct err *e);
/* Checks size (-ENODATA when short: the part stays) and digest (-EBADMSG: the part goes);
 * renames into place (sync: fsync first; else layer_sync before anything names it). Frees
 * w in any case. */
int blob_commit(struct blob_writer *w, bool sync, struct err *e);
/* Makes the file dirfd/name, whose digest the caller has just computed, the blob d. The
 * file is gone from there in any case. Not synced. */
int blob_adopt(const struct store *s, int dirfd, const char *name, const struct digest *d,
	       struct err *e);
/* Leaves the part for a later resume; frees w. */
void blob_leave(struct blob_writer *w);
/* Removes the part of a download that nobody is at. */
void blob_drop_part(const struct store *s, const struct digest *d);
int blob_remove(const struct store *s, const struct digest *d, struct err *e);

#endif
