/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a layer's tar to disk, in overlay's user-namespace form: whiteouts as char
 * 0:0, opaque folders by user.overlay.opaque. */
#ifndef IMAGE_EXTRACT_H
#define IMAGE_EXTRACT_H

#include "core/image/unpack.h"
#include "core/wire/tar.h"

struct extract;
/* owners is copied. */
struct extract *extract_new(int dirfd, const struct unpack_owners *owners);
/* One entry; t gives its data. */
int extract_entry(struct extract *x, const struct tar_entry *entry, struct tar_reader *t,
		  struct err *e);
/* What can only come last: the times of folders. */
int extract_finish(struct extract *x, struct unpack_result *ret, struct err *e);
void extract_free(struct extract *x);

#endif
