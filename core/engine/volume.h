/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: volumes/NAME/ with record.json (docker's inspect shape) and the content in
 * _data. */
#ifndef ENGINE_VOLUME_H
#define ENGINE_VOLUME_H

#include <stdbool.h>

#include "core/base/strv.h"
#include "core/engine/realm.h"
#include "core/store/store.h"

/* Makes it unless it is there. name NULL: an anonymous one, of 64 digits. *ret_name:
 * malloc'd; *ret_new may be NULL. */
int volume_ensure(const struct store *s, const char *name, char **ret_name, bool *ret_new,
		  struct err *e);
/* Malloc'd absolute path of its content. */
char *volume_path(const struct store *s, const char *name);
/* Fills it with the folder `path` of the image's layers (top first) when it is empty and
 * that folder is not, in the realm, which is opened for it. */
int volume_copy_up(const struct store *s, const char *name, const struct strv *layers,
		   const char *path, struct err *e);
/* To the trash; -ENOENT when there is none. */
int volume_remove(const struct store *s, const char *name, struct err *e);
/* Was it made without a name? */
bool volume_is_anonymous(const struct store *s, const char *name);

#endif
