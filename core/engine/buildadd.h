/* SPDX-License-Identifier: Apache-2.0 */
/* COPY, ADD and WORKDIR. */
#ifndef ENGINE_BUILDADD_H
#define ENGINE_BUILDADD_H

#include "core/engine/buildjob.h"

/* 1: found in the cache, 0: done. */
int buildadd_copy(struct buildjob *j, struct buildjob_stage *st,
		  const struct dockerfile_instruction *in, struct err *e);
int buildadd_workdir(struct buildjob *j, struct buildjob_stage *st,
		     const struct dockerfile_instruction *in, struct err *e);
/* path by the stage's working folder: absolute, clean. Malloc'd. */
char *buildadd_absolute(const struct buildjob_stage *st, const char *path);

#endif
