/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as a container's log, read back by journalctl(1). */
#ifndef ENGINE_LOGJOURNAL_H
#define ENGINE_LOGJOURNAL_H

#include "core/base/err.h"
#include "core/engine/logentry.h"

typedef int logjournal_fn(void *arg, const struct logentry *x);
struct logjournal {
	const char *id; /* the container's */
	int64_t tail;   /* entries; -1: all */
	logjournal_fn *fn;
	bool (*running)(void *arg); /* to be followed while it is; NULL: not at all */
	void *arg;
};

/* Calls fn for each entry, until it returns another value than 0, which is the result.
 * -EOPNOTSUPP when there is no journalctl. */
int logjournal_read(const struct logjournal *j, struct err *e);

#endif
