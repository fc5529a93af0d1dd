/* SPDX-License-Identifier: Apache-2.0 */
/* docker's HostConfig of a plan, with docker's defaults. */
#ifndef ENGINE_DESCRIBE_HOST_H
#define ENGINE_DESCRIBE_HOST_H

#include "core/engine/plan.h"

void describe_host(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *root);
/* The limits among it that `update` can change, added or replaced in o. */
void describe_host_limits(const struct spec *s, yyjson_mut_doc *doc, yyjson_mut_val *o);
/* Default masked and read-only paths. */
void describe_host_paths(struct strv *masked, struct strv *readonly);

/* One published port as it was asked for, into PortBindings. */
void describe_host_binding(const struct publish *p, yyjson_mut_doc *doc,
			   yyjson_mut_val *map);

#endif
