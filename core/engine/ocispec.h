/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCI runtime says of itself: a specification to begin with, its features. */
#ifndef ENGINE_OCISPEC_H
#define ENGINE_OCISPEC_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/wire/json.h"

/* Writes config.json into the folder, as `runc spec` does; -EEXIST when there is one.
 * rootless: one that an ordinary user can run. */
int ocispec_write(const char *bundle, bool rootless, struct err *e);
/* runtime-spec features.md. */
void ocispec_features(yyjson_mut_doc *doc, yyjson_mut_val *obj);

#endif
