/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a plan that is another container's: --pid and --ipc container:X. */
#ifndef ENGINE_PLAN_SHARE_H
#define ENGINE_PLAN_SHARE_H

#include "core/engine/plan.h"

/* Fills p's modes, with X's ID for its name. -EINVAL, with docker's words, where X does
 * not share, and for a --userns that is not X's. */
int plan_share(const struct store *s, struct plan *p, struct err *e);
/* The ID of the container whose network p shares, for its name, which may change. */
int plan_share_network(const struct store *s, struct plan *p, struct err *e);
/* The ID maps of the container whose user namespace p lives in, in place of p's own. */
int plan_share_maps(const struct store *s, struct plan *p, struct err *e);

#endif
