/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of COPY and ADD: patterns and folders below a root, walked on descriptors.
 * No link leads out of the root. */
#ifndef ENGINE_BUILDTREE_H
#define ENGINE_BUILDTREE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/image/dockerignore.h"

struct buildtree {
	int root;
	const char *path;                   /* as written; may be a pattern */
	bool literal;                       /* it is none */
	bool deep;                          /* "**" in it are any folders (--parents) */
	const struct dockerignore *ignore;  /* of the context; NULL: none */
	const struct dockerignore *exclude; /* --exclude; NULL: none */
};

struct buildtree_node {
	const char *top; /* the match it belongs to: clean path from the root */
	const char *rel; /* below the match; "" for the match itself */
	int fd;          /* O_PATH; a link is itself, unless it is the match */
	struct stat st;
	bool leaving; /* a folder, for the second time: its content has been seen */
};

typedef int buildtree_fn(void *arg, const struct buildtree_node *n, struct err *e);

/* Paths (clean, without leading slash, "" for the root) that the source means, sorted.
 * -ENOENT "'x': not found" when there is none. */
int buildtree_match(const struct buildtree *t, struct strv *ret, struct err *e);
/* Calls fn for everything below the match, itself first; names in order. */
int buildtree_walk(const struct buildtree *t, const char *match, buildtree_fn *fn,
		   void *arg, struct err *e);

#endif
