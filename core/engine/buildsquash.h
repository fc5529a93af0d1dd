/* SPDX-License-Identifier: Apache-2.0 */
/* --squash: the layers that a build added, as one. */
#ifndef ENGINE_BUILDSQUASH_H
#define ENGINE_BUILDSQUASH_H

#include "core/engine/buildjob.h"

/* As buildjob_replay, with all layers of the notes merged into one at the end. */
int buildsquash_replay(struct buildjob *j, const struct buildjob_stage *from,
		       struct compose *to, struct err *e);

#endif
