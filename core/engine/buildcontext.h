/* SPDX-License-Identifier: Apache-2.0 */
/* The context of a build: the folder that COPY and ADD take from, its .dockerignore, and
 * the Dockerfile. */
#ifndef ENGINE_BUILDCONTEXT_H
#define ENGINE_BUILDCONTEXT_H

#include "core/base/buf.h"
#include "core/engine/config.h"
#include "core/image/dockerignore.h"
#include "core/store/store.h"

struct buildcontext {
	int fd;     /* the folder */
	char *path; /* absolute */
	struct dockerignore ignore;
	char *ignore_name; /* which file that was, or NULL */
	bool remote;       /* it is not the caller's folder */
	struct buf text;   /* of the Dockerfile */
	char *name;        /* of the Dockerfile, as sentences have it */
};

/* Where archives are unpacked. */
struct buildcontext_place {
	const struct store *store;
	int realm_pidfd;
	int holder; /* the build's folder, which says what owners it has (owners.h) */
};

struct buildcontext_want {
	const char *context, *file; /* as build_options */
	const struct config *cfg;
	bool keep_git; /* ".git" of a repository stays */
	int input;
	const char *dir; /* folder to work in */
	struct buildcontext_place place;
};

/* A folder, "-" (stdin), a git repository, or the URL of an archive or a Dockerfile. */
int buildcontext_open(const struct buildcontext_want *w, struct buildcontext *ret,
		      struct err *e);
/* The same without a Dockerfile, as a named context: no stdin. */
int buildcontext_open_named(const struct buildcontext_want *w, struct buildcontext *ret,
			    struct err *e);
/* Unpacks the tar file fd (compressed or not) into the new folder path, in a confined
 * process of the realm. -EINVAL when it is none. */
int buildcontext_unpack(const struct buildcontext_place *at, int fd, const char *path,
			struct err *e);
/* Is the file fd a tar archive, compressed or not? Leaves the offset at the start. */
bool buildcontext_is_tar(int fd);
void buildcontext_done(struct buildcontext *c);

#endif
