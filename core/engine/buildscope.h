/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a build: ARG, ENV, the predefined ones, and their substitution. */
#ifndef ENGINE_BUILDSCOPE_H
#define ENGINE_BUILDSCOPE_H

#include "core/engine/buildjob.h"

/* The platform's variables and the ARGs before the first FROM, into j->globals. */
int buildscope_globals(struct buildjob *j, struct err *e);
/* ARG inside a stage. */
int buildscope_arg(struct buildjob *j, struct buildjob_stage *st, const char *word,
		   struct err *e);
/* All that is in scope: the image's environment, then ARGs it does not have. */
void buildscope_env(const struct buildjob_stage *st, struct strv *ret);
/* ARGs alone, those the environment hides left out. */
void buildscope_args(const struct buildjob_stage *st, struct strv *ret);
/* Proxy variables given as build arguments: RUN has them, nothing else knows of them. */
void buildscope_proxies(const struct buildjob *j, struct strv *ret);
/* A word with the variables of the stage (NULL: the globals). Malloc'd. */
int buildscope_expand(const struct buildjob *j, const struct buildjob_stage *st,
		      const char *word, char **ret, struct err *e);
/* A warning for each build argument that nothing took. */
void buildscope_warn(const struct buildjob *j);

#endif
