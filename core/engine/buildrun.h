/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: an ordinary container whose changes become a layer. */
#ifndef ENGINE_BUILDRUN_H
#define ENGINE_BUILDRUN_H

#include "core/engine/buildjob.h"

/* 1: found in the cache, 0: done. -ECANCELED "process … did not complete successfully:
 * exit code: 3". n: of the step, for its output. */
int buildrun_step(struct buildjob *j, struct buildjob_stage *st,
		  const struct dockerfile_instruction *in, unsigned n, struct err *e);

#endif
