/* SPDX-License-Identifier: Apache-2.0 */
/* Images into one tar, docker-archive and OCI layout at once. The work of archive_save
 * (archive.h). */
#ifndef IMAGE_SAVE_H
#define IMAGE_SAVE_H

#include "core/store/tag.h"

int save_all(const struct store *s, const struct tag *const *tags, size_t n, int fd,
	     struct err *e);

#endif
