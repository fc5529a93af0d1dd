/* SPDX-License-Identifier: Apache-2.0 */
/* The stages of a Dockerfile: which are needed, and the work of one. */
#ifndef ENGINE_BUILDSTAGE_H
#define ENGINE_BUILDSTAGE_H

#include "core/engine/buildjob.h"

/* Finds the stages; marks those that the target (NULL: the last) needs. *ret: the target.
 * -EINVAL "target stage 'x' could not be found". */
int buildstage_plan(struct buildjob *j, struct buildjob_stage **ret, struct err *e);
int buildstage_run(struct buildjob *j, struct buildjob_stage *st, struct err *e);

#endif
