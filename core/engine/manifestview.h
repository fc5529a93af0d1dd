/* SPDX-License-Identifier: Apache-2.0 */
/* docker manifest inspect: what a registry says an image is. */
#ifndef ENGINE_MANIFESTVIEW_H
#define ENGINE_MANIFESTVIEW_H

#include <stdbool.h>

#include "core/engine/config.h"
#include "core/wire/json.h"

struct manifestview {
	const char *what; /* a reference */
	bool verbose;     /* name, digest and platform beside it; of an index an array */
	bool insecure;    /* whoever the registry is */
};

/* *ret belongs to doc. cfg: an insecure registry is added to its list. */
int manifestview_read(struct config *cfg, const struct manifestview *v,
		      yyjson_mut_doc *doc, yyjson_mut_val **ret, struct err *e);

#endif
