/* SPDX-License-Identifier: Apache-2.0 */
/* The event journal: journal/events, one JSON line each (docker's event shape), appended
 * with O_APPEND in one write; rotated by size. Readers follow by inotify. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "core/base/strv.h"
#include "core/store/store.h"
#include "core/wire/json.h"

/* type: "container", "image", "network", "volume"; action: "create", "start", "die", …;
 * attributes: "key=value". Errors are the caller's to ignore: an event is news, not
 * truth. */
int journal_add(const struct store *s, const char *type, const char *action,
		const char *id, const struct strv *attributes);
/* Calls fn for each event line from since (ns) on, oldest first; fn returns non-zero to
 * stop. */
int journal_read(const struct store *s, int64_t since,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e);

/* How far a reader has come; zero-initialised: the beginning. */
struct journal_cursor {
	uint64_t inode; /* of the file it is in */
	uint64_t offset;
};
/* As journal_read, with each event behind the cursor, which moves on. Rotation loses
 * nothing as long as less than a whole file was written between two calls. */
int journal_next(const struct store *s, struct journal_cursor *c,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e);

#endif
