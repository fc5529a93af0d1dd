/* SPDX-License-Identifier: Apache-2.0 */
/* docker info and docker version as JSON objects (docker's field names). */
#ifndef ENGINE_INFO_H
#define ENGINE_INFO_H

#include "core/engine/config.h"
#include "core/store/store.h"
#include "core/wire/json.h"

yyjson_mut_val *info_system(const struct store *s, const struct config *cfg,
			    yyjson_mut_doc *doc, struct err *e);
yyjson_mut_val *info_version(yyjson_mut_doc *doc);

#endif
