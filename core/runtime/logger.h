/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container's output is kept: whichever of docker's log drivers its setup names.
 */
#ifndef RUNTIME_LOGGER_H
#define RUNTIME_LOGGER_H

#include "core/runtime/journald.h"
#include "core/runtime/logfile.h"
#include "core/runtime/setup.h"

struct logger {
	bool journal; /* else files */
	struct logfile file;
	struct journald journald;
};

/* 1 open, 0 the setup wants none, -errno. */
int logger_open(struct logger *l, const struct setup *s, struct err *e);
/* As logfile_write. */
int logger_write(struct logger *l, int stream, const void *p, size_t n, int64_t now);
/* Has it something that waits, for logger_flush? */
bool logger_flush(struct logger *l);
int logger_finish(struct logger *l, int64_t now);
/* The folder that it writes to while it runs, or -1. */
int logger_dir(const struct logger *l);
void logger_done(struct logger *l);

#endif
