/* SPDX-License-Identifier: Apache-2.0 */
/* Named contexts (--build-context NAME=VALUE): folders, archives and repositories that
 * --from takes of, and images, which FROM may begin with as well. */
#ifndef ENGINE_BUILDNAMED_H
#define ENGINE_BUILDNAMED_H

#include "core/engine/buildjob.h"

struct buildnamed {
	char *name, *value;
	bool opened;
	struct buildcontext context; /* fd -1 when it is an image */
	char *image;                 /* what image_ensure takes */
};

/* All that the options say, into j->named. */
int buildnamed_read(struct buildjob *j, struct err *e);
/* Of that name ("alpine" is "docker.io/library/alpine:latest", too), or NULL. A name goes
 * before a stage's and an image's. */
struct buildnamed *buildnamed_find(const struct buildjob *j, const char *what);
/* Fetches or opens it, once. */
int buildnamed_open(struct buildjob *j, struct buildnamed *n, struct err *e);
void buildnamed_done(struct buildnamed *n);

#endif
