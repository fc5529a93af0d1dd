/* SPDX-License-Identifier: Apache-2.0 */
/* A file or folder, found below a root that is not trusted, as a tar stream. */
#ifndef ENGINE_TAROUT_H
#define ENGINE_TAROUT_H

#include <stdbool.h>

#include "core/wire/tar.h"

struct tarout {
	int root;         /* O_PATH */
	const char *path; /* inside it; links are followed within the root */
	const char *name; /* what path itself is called in the archive; "": a folder that
			     is not named in it, only what it holds */
	bool follow;      /* path, when it is a link itself */
};

/* The whole archive. -ENOENT without a sentence when there is no such path. Sockets are
 * left out. */
int tarout_write(const struct tarout *o, tar_write_fn *write, void *arg, struct err *e);

#endif
