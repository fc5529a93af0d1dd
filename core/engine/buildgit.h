/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts and sources of ADD that are git repositories, by the host's git program. */
#ifndef ENGINE_BUILDGIT_H
#define ENGINE_BUILDGIT_H

#include <stdbool.h>

#include "core/base/err.h"

/* "https://host/x.git#ref:folder", "git://…", "git@host:x", "ssh://…", "github.com/…"? */
bool buildgit_is(const char *source);
/* Into the new folder dir, without its history unless keep is set. *ret_path: malloc'd
 * path of the folder that is meant, dir itself or one in it. -ENOENT with the fix when
 * there is no git. */
int buildgit_clone(const char *source, const char *dir, bool keep, char **ret_path,
		   struct err *e);

#endif
