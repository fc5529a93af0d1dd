/* SPDX-License-Identifier: Apache-2.0 */
/* What a stage stands on, and what COPY --from and RUN --mount=from= mean. */
#ifndef ENGINE_BUILDBASE_H
#define ENGINE_BUILDBASE_H

#include "core/engine/buildjob.h"

/* FROM: the image (pulled when needed), an earlier stage, or scratch. */
int buildbase_begin(struct buildjob *j, struct buildjob_stage *st, struct err *e);
/* Folders, top first, of the earlier stage or image that `what` names. */
int buildbase_tree(struct buildjob *j, const struct buildjob_stage *st, const char *what,
		   struct strv *ret, struct err *e);
/* The folder of the named context that what means; NULL when it means none. */
int buildbase_folder(struct buildjob *j, const char *what,
		     const struct buildcontext **ret, struct err *e);

#endif
