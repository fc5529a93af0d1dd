/* SPDX-License-Identifier: Apache-2.0 */
/* Places inside a layer's folder: from a path as an archive gives it to a descriptor of
 * the parent folder and a name. No link is ever followed, nothing outside is ever
 * reached. */
#ifndef IMAGE_PLACE_H
#define IMAGE_PLACE_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/strv.h"

#define PLACE_MAX      4096
#define PLACE_MADE_MAX 4096 /* folders that are remembered as made */

/* Remembers the last parent: entries of one folder come together. */
struct place {
	int root;           /* the layer's folder, not owned */
	int fd;             /* the last parent, or -1; owned */
	char at[PLACE_MAX]; /* its path */
	bool setgid;        /* files made in it get another group than ours */
	struct strv made;   /* folders that were made on the way */
};

void place_init(struct place *p, int root);
/* Pure: "./a//b/", "/a/b" → "a/b"; "" for the folder itself. -EINVAL for one that is
 * empty, has a ".." or does not fit. Fuzzed with extract. */
int place_clean(char dst[PLACE_MAX], const char *path);
/* clean is a result of place_clean, not "". The parent's fd stays p's; *ret_name points
 * into clean. make: missing folders are made (0755, root's). -ELOOP/-ENOTDIR with a
 * sentence when a link or a file is on the way. */
int place_find(struct place *p, const char *clean, bool make, const char **ret_name,
	       struct err *e);
/* Forgets the parent (a folder was changed). */
void place_forget(struct place *p);
void place_done(struct place *p);
/* Is dirfd/name an overlay whiteout, char 0:0? */
bool place_is_whiteout(int dirfd, const char *name);
/* Makes the folder hide what lower layers have in it; 0 or -errno. */
int place_set_opaque(int dirfd);

#endif
