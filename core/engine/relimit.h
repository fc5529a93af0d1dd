/* SPDX-License-Identifier: Apache-2.0 */
/* Other limits for a container that exists. */
#ifndef ENGINE_RELIMIT_H
#define ENGINE_RELIMIT_H

#include "core/engine/container.h"
#include "core/oci/runtimeconfig.h"

struct relimit {
	struct spec limits;          /* the container's, with what was given */
	struct runtimeconfig config; /* what they come to on this host */
};

/* What was given (zero and NULL: as it is), by the record's HostConfig; docker's words
 * for what does not go together. A warning for each that this host cannot hold. */
int relimit_plan(yyjson_val *host_config, const struct spec *given, struct relimit *ret,
		 struct strv *warnings, struct err *e);
void relimit_done(struct relimit *r);
/* Now, for a container that runs: all of them, or none. -EBUSY when it has no control
 * group to write them to. */
int relimit_apply(const struct container *c, const struct relimit *r, struct err *e);
/* From the next start on: config.json. */
int relimit_write(const struct container *c, const struct relimit *r, struct err *e);

#endif
