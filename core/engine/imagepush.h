/* SPDX-License-Identifier: Apache-2.0 */
/* docker push. */
#ifndef ENGINE_IMAGEPUSH_H
#define ENGINE_IMAGEPUSH_H

#include "core/engine/config.h"
#include "core/image/push.h"

/* Pushes the image that ref names here. *ret: the manifest as the registry has it now
 * (descriptor_done). */
int imagepush_run(const struct store *s, const struct config *cfg,
		  const struct reference *ref, pull_progress_fn *progress, void *arg,
		  struct descriptor *ret, struct err *e);
/* Is the image that ref names here for that platform (NULL: any)? -ENOENT. */
int imagepush_check(const struct store *s, const struct reference *ref,
		    const char *platform, struct err *e);
/* Full references of all tags that a repository has here, appended. */
int imagepush_tags(const struct store *s, const struct reference *repo, struct strv *ret,
		   struct err *e);

#endif
