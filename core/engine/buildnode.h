/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a COPY: its checksum, and its copy. */
#ifndef ENGINE_BUILDNODE_H
#define ENGINE_BUILDNODE_H

#include "core/engine/buildtree.h"
#include "core/wire/digest.h"

struct buildnode_sum;
struct buildnode_sum *buildnode_sum_new(void);
void buildnode_sum_name(struct buildnode_sum *s, const char *name);
/* st: owner and mode as they will be. */
int buildnode_sum_add(struct buildnode_sum *s, const struct buildtree_node *n,
		      const struct stat *st, struct err *e);
/* Frees it. */
void buildnode_sum_finish(struct buildnode_sum *s, struct digest *ret);

/* Copies what is no folder to path below root, in place of what is there. Device nodes
 * and sockets are left out: nobody may make the ones, and the others mean nothing there.
 */
int buildnode_put(int root, const char *path, const struct buildtree_node *n,
		  const struct stat *st, struct err *e);
/* Gives the folder at path owner, mode, attributes and times. */
int buildnode_dress(int root, const char *path, const struct buildtree_node *n,
		    const struct stat *st, struct err *e);

#endif
