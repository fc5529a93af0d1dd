/* SPDX-License-Identifier: Apache-2.0 */
/* The folders of a layer, remembered until its end: their times can only be set then, and
 * those that no entry describes are told. */
#ifndef IMAGE_FOLDERS_H
#define IMAGE_FOLDERS_H

#include <stdint.h>
#include <time.h>

#include "core/base/strv.h"
#include "core/image/unpack.h"

struct folder {
	char *path; /* cleaned; "" for the layer's own */
	int64_t mtime;
};

/* Zero-initialise. */
struct folders {
	struct folder *v;
	size_t len, cap;
};

void folders_add(struct folders *f, const char *clean, int64_t mtime);
int folders_set_times(const struct folders *f, int root, struct err *e);
/* Of the folders that were made on the way, those without an entry, into ret->implicit.
 */
void folders_implicit(const struct folders *f, const struct strv *made,
		      struct unpack_result *ret);
void folders_done(struct folders *f);
/* ns since the epoch, before it too. */
struct timespec folders_stamp(int64_t ns);

#endif
