/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a running container, without a cgroup: those in the PID namespace of
 * its init and what descends from them. */
#ifndef ENGINE_CENSUS_H
#define ENGINE_CENSUS_H

#include <stdbool.h>

#include "core/engine/container.h"
#include "core/engine/procstat.h"
#include "core/ns/idmap.h"

struct census {
	struct procstat *v; /* by PID */
	size_t len;
};

/* Every process, then each container's share of them: one look at /proc serves many. */
int census_take_all(struct census *ret, struct err *e);
/* Of a PID namespace that several containers share each has those in its own cgroup
 * namespace. A container in the host's PID namespace has its init and what descends from
 * it. -EBUSY "container x is not running". */
int census_take(const struct census *all, const struct container *c, struct census *ret,
		struct err *e);
void census_done(struct census *c);

#endif
