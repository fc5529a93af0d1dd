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
/* Is what "oci:DIR", "oci-archive:FILE" or "docker-archive:FILE" with a path that is
 * there (each may end in ":NAME", when the archive has several images)? */
bool imagefile_is_name(const char *what);
/* Loads it: *ret_name, malloc'd, is what image_open finds it by. */
int imagefile_take(const struct store *s, const struct config *cfg, const char *what,
		   char **ret_name, struct err *e);
/* names: references (without a tag: every tag of that repository) or IDs. fd: of a
 * file, a pipe, or of an empty folder, which becomes an OCI layout. */
int imagefile_save(const struct store *s, const struct strv *names, int fd,
		   struct err *e);

#endif
