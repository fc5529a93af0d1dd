/* SPDX-License-Identifier: Apache-2.0 */
/* docker events: the journal, from a time on, and what comes. */
#ifndef ENGINE_EVENTS_H
#define ENGINE_EVENTS_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/engine/pick.h"
#include "core/store/store.h"
#include "core/wire/json.h"

struct events_options {
	int64_t since; /* ns; 0: from now on */
	int64_t until; /* ns; 0: for ever */
	const struct pick *pick;
};

/* docker's keys: container daemon event image label network scope type volume, and those
 * of swarm, which match nothing here. */
int events_pick(struct pick *p, const struct strv *texts, struct err *e);
/* Calls fn with each event; not 0 from it ends (and is returned). Returns 0 at until. */
int events_watch(const struct store *s, const struct events_options *o,
		 int (*fn)(yyjson_val *event, void *arg), void *arg, struct err *e);
/* docker's line: "TIME TYPE ACTION ID (key=value, …)". */
void events_line(yyjson_val *event, struct buf *out);
/* The same event by the names that templates use: Action Actor From ID Scope Status Time
 * TimeNano Type. */
yyjson_mut_val *events_row(yyjson_val *event, yyjson_mut_doc *doc);

#endif
