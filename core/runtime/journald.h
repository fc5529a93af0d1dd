/* SPDX-License-Identifier: Apache-2.0 */
/* A container's log in systemd's journal, by its native protocol: a datagram an entry,
 * and a sealed memfd for one that is too large. The socket is connected to beforehand;
 * it is systemd's own, so that it outlives a restart of the journal. */
#ifndef RUNTIME_JOURNALD_H
#define RUNTIME_JOURNALD_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/base/strv.h"
#include "core/runtime/logline.h"

#define JOURNALD_SOCKET "/run/systemd/journal/socket"

struct journald {
	int fd;
	struct buf fields; /* those of every entry, encoded */
	struct logline lines;
	uint64_t room; /* bytes that may wait; 0: the container waits */
	struct strv waiting;
	size_t *sizes; /* of waiting */
	uint64_t used; /* of room */
	int64_t now;
};

/* -ECONNREFUSED, -ENOENT, … with the cause: nobody listens there. fields: "KEY=value". */
int journald_open(struct journald *j, const char *path, const struct strv *fields,
		  uint64_t room, struct err *e);
/* As logfile_write. Without room, waits for the journal, but not for ever: an entry that
 * it does not take for 10 s is lost. With room, entries wait there, and what is too much
 * is lost. */
int journald_write(struct journald *j, int stream, const void *p, size_t n, int64_t now);
/* Sends on what waits; true when something still does. */
bool journald_flush(struct journald *j);
/* The unfinished lines; all that waits. */
int journald_finish(struct journald *j, int64_t now);
void journald_done(struct journald *j);

/* Appends a field in the journal's form; key is what docker makes of it: upper case,
 * without what a journal's name may not hold. */
void journald_field(struct buf *out, const char *key, const char *p, size_t n);

#endif
