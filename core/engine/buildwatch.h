/* SPDX-License-Identifier: Apache-2.0 */
/* A process that outlives a build which is killed: it ends the build's container and
 * removes its secrets, then itself. */
#ifndef ENGINE_BUILDWATCH_H
#define ENGINE_BUILDWATCH_H

#include "core/store/store.h"

#define BUILDWATCH_LABEL "rootless.build" /* of a build's containers */

struct buildwatch {
	int pipe; /* -1: none */
	int pid;
};

/* label: of this build's containers; folder: of its secrets, or NULL. */
int buildwatch_start(const struct store *s, const char *label, const char *folder,
		     struct buildwatch *ret, struct err *e);
/* All is well. */
void buildwatch_end(struct buildwatch *w);
/* Removes containers of builds whose process and watcher were both killed. */
void buildwatch_sweep(const struct store *s);

#endif
