/* SPDX-License-Identifier: Apache-2.0 */
/* Ports published, and no longer, of a container that exists: at once when it runs, and
 * at each start from then on. */
#ifndef ENGINE_PORTCHANGE_H
#define ENGINE_PORTCHANGE_H

#include "core/engine/config.h"
#include "core/engine/container.h"

/* spec: as of -p. -EADDRINUSE names the port that is taken; nothing is changed then. */
int portchange_add(const struct store *s, const struct config *cfg, struct container *c,
		   const char *spec, struct err *e);
/* spec: as of -p; without a host's port, each that leads to the container's. -ENOENT: no
 * such port is published. Connections that stand go on. */
int portchange_remove(const struct store *s, const struct config *cfg,
		      struct container *c, const char *spec, struct err *e);

#endif
