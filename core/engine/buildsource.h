/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of one COPY or ADD: files of the context or of a stage, heredocs, what was
 * fetched from a URL, and archives, which are unpacked. */
#ifndef ENGINE_BUILDSOURCE_H
#define ENGINE_BUILDSOURCE_H

#include "core/engine/buildcopy.h"
#include "core/engine/buildjob.h"

/* Zero-initialise. */
struct buildsource {
	struct buildcopy_source *v;
	size_t len;
	struct strv layers;                /* of --from */
	const struct dockerignore *ignore; /* of the context, or of the named one */
	int own[64];                       /* descriptors to be closed */
	size_t own_len;
};

int buildsource_find(struct buildjob *j, const struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct buildsource *ret,
		     struct err *e);
void buildsource_done(struct buildsource *s);

#endif
