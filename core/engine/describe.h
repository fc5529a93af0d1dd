/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as record.json: docker inspect's own shape wherever there is one. */
#ifndef ENGINE_DESCRIBE_H
#define ENGINE_DESCRIBE_H

#include "core/engine/plan.h"

/* "NetworkSettings" is filled at start (describe_network). */
yyjson_mut_doc *describe_plan(const struct plan *p, const struct strv *warnings);
/* What was leased and opened for this run, into the record's NetworkSettings. */
void describe_network(const struct netplan *n, const char *id, yyjson_mut_doc *doc,
		      yyjson_mut_val *record);

#endif
