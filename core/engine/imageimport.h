/* SPDX-License-Identifier: Apache-2.0 */
/* docker import: an image of one layer, of the content of a tar archive. */
#ifndef ENGINE_IMAGEIMPORT_H
#define ENGINE_IMAGEIMPORT_H

#include "core/engine/config.h"
#include "core/wire/digest.h"

struct imageimport {
	const char *source;  /* "-" (stdin), a file or an http(s) URL */
	const char *name;    /* reference, or NULL */
	const char *message; /* of the history; NULL: "Imported from SOURCE" */
	const char *platform;
	const struct strv *changes; /* Dockerfile instructions */
};

int imageimport_run(const struct store *s, const struct config *cfg,
		    const struct imageimport *i, struct digest *ret_id, struct err *e);

#endif
