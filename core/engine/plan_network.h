/* SPDX-License-Identifier: Apache-2.0 */
/* The network's part of a plan. */
#ifndef ENGINE_PLAN_NETWORK_H
#define ENGINE_PLAN_NETWORK_H

#include "core/engine/plan.h"

/* Fills p's net: mode, networks with their wishes, names, links, ports. Docker's words
 * for options that do not go together; -ENOENT for a network that does not exist. */
int plan_network(const struct store *s, struct plan *p, struct err *e);

#endif
