/* SPDX-License-Identifier: Apache-2.0 */
/* docker commit: an image made of what a container changed. */
#ifndef ENGINE_COMMIT_H
#define ENGINE_COMMIT_H

#include "core/engine/container.h"
#include "core/wire/digest.h"

struct commit {
	const char *reference; /* NULL: an image without a name */
	const char *author, *message;
	const struct strv *changes; /* Dockerfile instructions */
	bool pause;                 /* its processes stand still meanwhile */
};

/* *ret: the image's ID. */
int commit_make(const struct store *s, const struct container *c, const struct commit *o,
		struct digest *ret, struct err *e);

#endif
