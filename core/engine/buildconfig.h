/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that change nothing but the image's config. */
#ifndef ENGINE_BUILDCONFIG_H
#define ENGINE_BUILDCONFIG_H

#include "core/engine/buildjob.h"

/* ENV LABEL MAINTAINER EXPOSE VOLUME USER CMD ENTRYPOINT SHELL STOPSIGNAL HEALTHCHECK ARG
 * ONBUILD. Adds its line of history. */
int buildconfig_apply(struct buildjob *j, struct buildjob_stage *st,
		      const struct dockerfile_instruction *in, struct err *e);
/* What a container of the one would have, the other has too; not history and layers. */
void buildconfig_copy(struct imageconfig *to, const struct imageconfig *from);
/* The shell form's shell. */
void buildconfig_shell(const struct imageconfig *c, struct strv *ret);

#endif
