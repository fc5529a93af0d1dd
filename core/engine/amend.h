/* SPDX-License-Identifier: Apache-2.0 */
/* docker update: what can be changed of a container that exists. */
#ifndef ENGINE_AMEND_H
#define ENGINE_AMEND_H

#include "core/engine/container.h"

struct amend {
	/* From the end of its current run on: the monitor looks then. NULL: as it is. */
	const char *restart;
	/* Limits; zero and NULL: as they are. They hold at once when it runs, and for
	 * every later run. NULL: none. */
	const struct spec *limits;
};

/* All of it or nothing; a warning for each limit that this host cannot hold. -EINVAL for
 * what is no policy or no limit, or does not go with the container's others; -EBUSY for
 * limits of one that runs without a control group. */
int amend(const struct store *s, struct container *c, const struct amend *what,
	  struct strv *warnings, struct err *e);

#endif
