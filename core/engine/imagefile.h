/* SPDX-License-Identifier: Apache-2.0 */
/* Images in files: docker save and docker load. */
#ifndef ENGINE_IMAGEFILE_H
#define ENGINE_IMAGEFILE_H

#include "core/engine/config.h"
#include "core/image/pull.h"

/* Loads a docker or OCI archive from fd (or an OCI layout, fd of a folder). Appends to
 * ret_names what docker prints after "Loaded image: " or "Loaded image ID: ". */
int imagefile_load(const struct store *s, const struct config *cfg, int fd,
		   pull_progress_fn *progress, void *arg, struct strv *ret_names,
		   struct err *e);
/* names: references (without a tag: every tag of that repository) or IDs. */
int imagefile_save(const struct store *s, const struct strv *names, int fd,
		   struct err *e);

#endif
