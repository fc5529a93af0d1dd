/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the host run inside the realm: root over the user's own IDs, and, when
 * asked for, over the network that the containers' bridges are in. */
#ifndef ENGINE_VISIT_H
#define ENGINE_VISIT_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/store/store.h"

/* Runs argv with the caller's streams in the realm's user namespace and a mount namespace
 * of its own; net: in the realm's network namespace too, /run writable for it alone. Its
 * exit code (128 + signal), or 126/127 when it cannot be run, or -errno. */
int visit_realm(const struct store *s, bool net, char *const argv[], struct err *e);

#endif
