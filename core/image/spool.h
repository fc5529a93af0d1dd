/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream's files, each in a temporary of its own in tmp/load-…, hashed on the way.
 */
#ifndef IMAGE_SPOOL_H
#define IMAGE_SPOOL_H

#include "core/base/err.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

#define SPOOL_FILES_MAX 20000

struct spool;
int spool_read(const struct store *s, int fd, struct spool **ret, struct err *e);
/* By name, links inside the archive followed. fd or -ENOENT. */
int spool_open(const struct spool *sp, const char *name);
int spool_digest(const struct spool *sp, const char *name, struct digest *ret);
/* The file becomes the blob d. */
int spool_adopt(struct spool *sp, const char *name, const struct digest *d,
		struct err *e);
/* Removes what is left; NULL is fine. */
void spool_free(struct spool *sp);

#endif
