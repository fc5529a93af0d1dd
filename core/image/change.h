/* SPDX-License-Identifier: Apache-2.0 */
/* Dockerfile instructions that change nothing but an image's config: CMD ENTRYPOINT ENV
 * EXPOSE HEALTHCHECK LABEL MAINTAINER ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR. For
 * build, and for --change of commit and import. */
#ifndef IMAGE_CHANGE_H
#define IMAGE_CHANGE_H

#include "core/image/dockerfile.h"
#include "core/oci/imageconfig.h"

/* Variables are put in from scope (its env may be c's own). *cmd_set: remembers that a
 * CMD was among the changes, because an ENTRYPOINT drops a CMD that comes from elsewhere;
 * false at first. -EINVAL for another instruction. */
int change_set(struct imageconfig *c, const struct dockerfile_instruction *i,
	       const struct dockerfile_scope *scope, bool *cmd_set, struct err *e);
/* The same for one line as --change has it, with the variables of c's env. */
int change_apply(struct imageconfig *c, const char *line, bool *cmd_set, struct err *e);

#endif
