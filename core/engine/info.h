/* SPDX-License-Identifier: Apache-2.0 */
/* docker info and docker version as JSON objects (docker's field names, with a "Rootless"
 * object of our own). */
#ifndef ENGINE_INFO_H
#define ENGINE_INFO_H

#include "core/engine/config.h"
#include "core/store/store.h"
#include "core/wire/json.h"

/* The Engine API that is spoken, and the oldest that would be (API.md section 1). */
#define INFO_API_VERSION     "1.50"
#define INFO_API_VERSION_MIN "1.24"

yyjson_mut_val *info_system(const struct store *s, const struct config *cfg,
			    yyjson_mut_doc *doc, struct err *e);
/* {"Client": {…}, "Server": {…}} */
yyjson_mut_val *info_version(yyjson_mut_doc *doc);

#endif
