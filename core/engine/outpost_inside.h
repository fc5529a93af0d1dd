/* SPDX-License-Identifier: Apache-2.0 */
/* What the outpost's files share. */
#ifndef ENGINE_OUTPOST_INSIDE_H
#define ENGINE_OUTPOST_INSIDE_H

#include "core/engine/outpost.h"

/* After this: no file but those that are open, no exec; its own sockets' names removed,
 * its own two processes signalled, and no other's. inside: listeners in the target are
 * opened, by a child that joins it. */
int outpost_confine(const struct outpost *o, bool inside, struct err *e);

#endif
