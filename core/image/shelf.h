/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an archive or of a layout folder, by their names: what `load` reads from.
 * Those of a tar stream are spooled into the store's tmp/ and hashed on the way. */
#ifndef IMAGE_SHELF_H
#define IMAGE_SHELF_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/store/store.h"
#include "core/wire/compression.h"
#include "core/wire/digest.h"

struct shelf;

/* A tar stream (plain, gzip, zstd); read to its end. */
int shelf_from_tar(const struct store *s, int fd, struct shelf **ret, struct err *e);
/* A folder; dirfd is the caller's and stays open. */
int shelf_from_dir(const struct store *s, int dirfd, struct shelf **ret, struct err *e);
bool shelf_has(const struct shelf *sh, const char *name);
/* Appends the file to out; -EFBIG past max. */
int shelf_read(const struct shelf *sh, const char *name, size_t max, struct buf *out,
	       struct err *e);

/* What a file is. */
struct shelf_file {
	struct digest digest; /* sha256 */
	uint64_t size;
	enum compression kind;
};
/* For a folder this reads the whole file. */
int shelf_look(const struct shelf *sh, const char *name, struct shelf_file *ret,
	       struct err *e);
/* Brings the file into the store as the blob d of that size, checked; nothing happens
 * when it is there. A spooled file is gone from the shelf then. */
int shelf_store(struct shelf *sh, const char *name, const struct digest *d, uint64_t size,
		struct err *e);
void shelf_free(struct shelf *sh);

#endif
