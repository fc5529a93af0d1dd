/* SPDX-License-Identifier: Apache-2.0 */
/* Work on a container's root file system from outside, in a helper with the realm's
 * power. Nothing of the container runs, and no name in it is trusted: fn gets a
 * descriptor and stays below it (core/base/path.h). */
#ifndef ENGINE_INROOT_H
#define ENGINE_INROOT_H

#include "core/engine/container.h"

enum inroot_view {
	/* What the container sees: of a running one its own root with all mounts, of
	 * another one its layers with its volumes and binds. Writable. */
	INROOT_LIVE,
	INROOT_DISK,  /* its layers and what it changed, without mounts; read-only */
	INROOT_IMAGE, /* its image's layers alone; read-only */
};

/* The caller holds the container's lock (container_end_lock) where it must not be started
 * meanwhile. What fn returns, and its sentence. */
int inroot_call(const struct store *s, const struct container *c, enum inroot_view view,
		int (*fn)(void *arg, int root, struct err *e), void *arg, struct err *e);
/* fn in the realm, with the host's files as they are. */
int inroot_outside(const struct store *s, int (*fn)(void *arg, struct err *e), void *arg,
		   struct err *e);

#endif
