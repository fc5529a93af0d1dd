/* SPDX-License-Identifier: Apache-2.0 */
/* Records: one JSON document for one object in a folder of its own
 * (containers/<id>/record.json, volumes/<name>/record.json, networks/<id>/record.json),
 * names reserved by links, locks. */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "core/base/strv.h"
#include "core/store/store.h"
#include "core/wire/json.h"

#define RECORD_MAX (4u << 20)

/* Reads parent_fd/id/record.json. */
int record_read(int parent_fd, const char *id, yyjson_doc **ret, struct err *e);
int record_write(int parent_fd, const char *id, const yyjson_mut_doc *doc, struct err *e);
/* Without the two fsyncs: never torn by a kill, but a power cut may lose the change. */
int record_write_nosync(int parent_fd, const char *id, const yyjson_mut_doc *doc,
			struct err *e);
/* Makes the folder in tmp form, so that a half-made object is never listed;
 * record_publish renames it into place. dirfd or -errno; the dirfd carries the maker's
 * lock: keep it open until published. record_write and record_name_take find the folder
 * in either form. */
int record_begin(int parent_fd, const char *id, struct err *e);
int record_publish(int parent_fd, const char *id, struct err *e);
/* Names: parent_fd/names/NAME is a symlink to id, made with O_EXCL. -EEXIST with *ret_id
 * (malloc'd) of the holder; a link to an object that is gone is taken over. */
int record_name_take(int parent_fd, const char *name, const char *id, char **ret_id,
		     struct err *e);
int record_name_drop(int parent_fd, const char *name, const char *id);
/* IDs of all objects, sorted. */
int record_list(int parent_fd, struct strv *ret, struct err *e);
/* Full ID from a name, full ID or unambiguous prefix: 0, -ENOENT, -ENOTUNIQ. Malloc'd. */
int record_find(int parent_fd, const char *what, char **ret_id, struct err *e);
/* Moves the object's folder to the trash: from then on it does not exist. *ret_trash:
 * malloc'd name inside s->tmp_fd, to be removed with the realm's power. */
int record_trash(const struct store *s, int parent_fd, const char *id, char **ret_trash,
		 struct err *e);

#endif
