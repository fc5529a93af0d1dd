/* SPDX-License-Identifier: Apache-2.0 */
/* docker's HostConfig of a plan, with docker's defaults. */
#ifndef ENGINE_DESCRIBE_HOST_H
#define ENGINE_DESCRIBE_HOST_H

#include "core/engine/plan.h"

void describe_host(const struct plan *p, yyjson_mut_doc *doc, yyjson_mut_val *root);
/* Default masked and read-only paths. */
void describe_host_paths(struct strv *masked, struct strv *readonly);

#endif
