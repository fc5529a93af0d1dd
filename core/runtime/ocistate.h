/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a container as the runtime-spec words it: what `state` prints and hooks
 * read. */
#ifndef RUNTIME_OCISTATE_H
#define RUNTIME_OCISTATE_H

#include <sys/types.h>

#include "core/base/strv.h"
#include "core/wire/json.h"

struct ocistate {
	const char *id;
	const char *status; /* creating, created, running, paused, stopped */
	pid_t pid;          /* 0: left out */
	const char *bundle;
	const struct strv *annotations; /* "key=value"; may be NULL */
};

void ocistate_build(const struct ocistate *s, yyjson_mut_doc *doc, yyjson_mut_val *obj);
/* As text, malloc'd. */
char *ocistate_text(const struct ocistate *s);

#endif
