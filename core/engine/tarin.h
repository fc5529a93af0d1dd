/* SPDX-License-Identifier: Apache-2.0 */
/* A tar stream unpacked into a folder that is not trusted: no link in it is followed.
 * What is there is replaced, but never a folder by a file or the other way round. */
#ifndef ENGINE_TARIN_H
#define ENGINE_TARIN_H

#include <stdbool.h>

#include "core/wire/tar.h"

struct tarin {
	/* Called with the first entry: where it goes. *ret_name (malloc'd) "": the folder
	 * *ret_dirfd itself. NULL: the archive's own names are kept, below dirfd. */
	int (*place)(void *arg, bool is_dir, int *ret_dirfd, char **ret_name,
		     struct err *e);
	void *arg;
	int dirfd;                                         /* without place */
	enum { TARIN_MINE, TARIN_ROOT, TARIN_KEEP } owner; /* TARIN_MINE: the caller's */
};

/* *ret_bytes: of the files' content, added. */
int tarin_extract(const struct tarin *t, tar_read_fn *read, void *arg,
		  uint64_t *ret_bytes, struct err *e);

#endif
