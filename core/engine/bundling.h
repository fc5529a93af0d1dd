/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle of a container: config.json (OCI) and setup.json, as the runtime reads them.
 */
#ifndef ENGINE_BUNDLING_H
#define ENGINE_BUNDLING_H

#include "core/engine/plan.h"

/* Writes both into dirfd/bundle (made here); a warning for each limit that cannot be
 * held. */
int bundling_write(const struct store *s, const struct plan *p, int dirfd,
		   struct strv *warnings, struct err *e);
/* The bundle's compiled seccomp filter is whole and made for this kernel, or is compiled
 * anew. For a container that has one, before each start. */
int bundling_renew_filter(const struct store *s, int container_dirfd, struct err *e);

#endif
