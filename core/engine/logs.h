/* SPDX-License-Identifier: Apache-2.0 */
/* docker logs: reading the json-file log, rotated parts included, and following it
 * (inotify). */
#ifndef ENGINE_LOGS_H
#define ENGINE_LOGS_H

#include "core/engine/container.h"

struct logs_options {
	bool follow, timestamps, details, want_stdout, want_stderr;
	int64_t since, until; /* ns; 0: none */
	int64_t tail;         /* lines; -1: all */
};

/* fn gets each piece (a line, with its newline if it had one). Returns at the end, or
 * with follow when the container has stopped. A torn last line is tolerated. */
typedef int logs_fn(void *arg, bool is_stderr, int64_t time, const char *text, size_t n);
int logs_read(const struct store *s, struct container *c, const struct logs_options *o,
	      logs_fn *fn, void *arg, struct err *e);

#endif
