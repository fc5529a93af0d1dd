/* SPDX-License-Identifier: Apache-2.0 */
/* COPY and ADD: what is to be copied, its checksum, and the copying, in a process of the
 * realm that writes into one fresh folder and takes the view of owners (ownership.h). */
#ifndef ENGINE_BUILDCOPY_H
#define ENGINE_BUILDCOPY_H

#include "core/engine/buildtree.h"
#include "core/engine/buildview.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

struct buildcopy_source {
	int fd;                    /* a folder of the host, or -1 */
	const struct strv *layers; /* with -1: of this tree, top first */
	char *path;                /* in it; may be a pattern */
	bool context;              /* .dockerignore holds, owners become root */
	bool keep_owner;           /* of a folder of the host */
	bool literal;              /* path is no pattern */
};

struct buildcopy {
	const struct store *store;
	int realm_pidfd;
	struct buildcopy_source *sources;
	size_t sources_len;
	const struct dockerignore *ignore, *exclude;
	struct buildview target;
	const char *source_scratch; /* another scratch, for the tree of a stage */
	const char *path;           /* in the target: absolute, clean */
	bool folder;      /* it ends with a slash, or there are several sources */
	bool parents;     /* --parents */
	int64_t uid, gid; /* -1: as it is */
	const char *mode; /* for modespec_apply; NULL: as it is */
};

/* The checksum of everything that would be copied: names, types, modes, owners, content;
 * never times. -ENOENT for a source that is not there. */
int buildcopy_sum(const struct buildcopy *c, struct digest *ret, struct err *e);
int buildcopy_run(const struct buildcopy *c, struct err *e);
/* Makes the folder and those above it that are missing. 1: made, 0: it was there. */
int buildcopy_mkdir(const struct buildcopy *c, struct err *e);
/* Takes empty files and folders out of the folder upper that the tree below has not:
 * places that were made only to mount something on. paths: absolute, in the tree. */
int buildcopy_clean(int realm_pidfd, const struct buildview *v, const char *upper,
		    const struct strv *paths, struct err *e);
/* The tree of the first source as a tar archive. */
int buildcopy_tar(const struct buildcopy *c, int fd, struct err *e);
/* Fills the folder dirfd of the host with the tree of the first source. */
int buildcopy_out(const struct buildcopy *c, int dirfd, struct err *e);

#endif
