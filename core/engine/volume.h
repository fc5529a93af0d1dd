/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: volumes/NAME/ with record.json (docker's inspect shape) and the content in
 * _data. Making, filling and removing is volume.c, part of the inner executable; looking
 * at all of them is volume_list.c. */
#ifndef ENGINE_VOLUME_H
#define ENGINE_VOLUME_H

#include <stdbool.h>

#include "core/base/strv.h"
#include "core/engine/copyup.h"
#include "core/engine/realm.h"
#include "core/store/store.h"
#include "core/wire/json.h"

struct volume_want {
	const char *name;           /* NULL: an anonymous one, of 64 digits */
	const struct strv *labels;  /* "key=value"; NULL: none */
	const struct strv *options; /* of volumeopt.h; NULL: none */
};
/* Makes it unless it is there; -EEXIST when it is with other options than those asked
 * for. *ret_name: malloc'd; *ret_new may be NULL. */
int volume_ensure(const struct store *s, const struct volume_want *w, char **ret_name,
		  bool *ret_new, struct err *e);
/* docker volume create: the same, every word of it checked. */
int volume_create(const struct store *s, const struct volume_want *w, char **ret_name,
		  struct err *e);
/* -EINVAL with docker's sentence when that cannot be a volume's name. */
int volume_check_name(const char *name, struct err *e);
/* Malloc'd absolute path of its content. */
char *volume_path(const struct store *s, const char *name);
/* Fills folder, the content of volume `name`, with the folder `path` of the image's
 * layers (top first) when it is empty and that folder is not, in the realm, which is
 * opened for it. */
struct volume_fill {
	const char *name, *folder;
	const struct strv *layers;
	const char *path;
	const struct copyup_ids *ids; /* NULL: as in the image */
};
int volume_copy_up(const struct store *s, const struct volume_fill *f, struct err *e);
/* To the trash, with the news of it; -ENOENT when there is none. Whether it is in use is
 * the caller's to know. */
int volume_remove(const struct store *s, const char *name, struct err *e);
/* Was it made without a name? */
bool volume_is_anonymous(const struct store *s, const char *name);
/* Appends the ID of every container that has the volume among its mounts. */
int volume_users(const struct store *s, const char *name, struct strv *ret,
		 struct err *e);

/* One of them as found on disk. */
struct volume {
	char *name;
	yyjson_doc *record;
};
struct pick;

/* -ENOENT "get x: no such volume". */
int volume_open(const struct store *s, const char *name, struct volume *ret,
		struct err *e);
void volume_done(struct volume *v);
/* All, by name. *ret: malloc'd array. */
int volume_list(const struct store *s, struct volume **ret, size_t *ret_len,
		struct err *e);
void volume_list_done(struct volume *v, size_t len);
/* What it mounts (*ret zeroed): see volumeopt.h. */
struct spec_mount;
int volume_mounts(const struct store *s, const char *name, struct spec_mount *ret,
		  struct err *e);
/* Appends the volumes of every container's mounts: each name once for each of them. */
int volume_used(const struct store *s, struct strv *ret, struct err *e);
/* docker volume ls --filter: dangling, driver, label, name. */
int volume_pick(struct pick *p, const struct strv *texts, struct err *e);
/* used: what volume_used gave. */
bool volume_matches(const struct pick *p, const struct volume *v,
		    const struct strv *used);
/* -EBUSY when another running container has a tmpfs volume of c's: such a one lives in
 * its container's own mount namespace, so a second would have another, unseen. */
struct container;
int volume_check_free(const struct store *s, const struct container *c, struct err *e);
/* docker volume rm: -EBUSY "remove x: volume is in use - [id]". No container can be made
 * with it meanwhile. */
int volume_delete(const struct store *s, const char *name, struct err *e);
/* docker volume prune: those that no container uses, anonymous ones unless all, and that
 * the conditions (label, label!, until) take. Appends their names; *ret_bytes: their
 * size on disk, added. */
int volume_prune(const struct store *s, const struct pick *p, bool all, struct strv *ret,
		 uint64_t *ret_bytes, struct err *e);

#endif
