/* SPDX-License-Identifier: Apache-2.0 */
/* docker update: what can be changed of a container that exists. */
#ifndef ENGINE_AMEND_H
#define ENGINE_AMEND_H

#include "core/engine/container.h"

/* Its restart policy, from the end of its current run on: the monitor looks then.
 * -EINVAL for a policy that is none, or of a container that removes itself. */
int amend_restart(const struct store *s, struct container *c, const char *policy,
		  struct err *e);

#endif
