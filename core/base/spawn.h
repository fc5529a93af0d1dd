/* SPDX-License-Identifier: Apache-2.0 */
/* Running another program of the host (newuidmap, getsubids, credential helpers). */
#ifndef BASE_SPAWN_H
#define BASE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Runs argv (found in PATH) with input on stdin (NULL: /dev/null); what it prints goes to
 * out and errout (NULL: discarded), each bounded by its max. Ended after timeout_ms.
 * Returns the exit status (0..255), 128 + signal, or -errno (-ENOENT: no such program,
 * -ETIMEDOUT). No descriptor but 0, 1, 2 is passed on. */
int spawn_run(char *const argv[], const char *input, struct buf *out, struct buf *errout,
	      int timeout_ms, struct err *e);
/* The same with everything said. Two streams may go to one buffer; what is too much for a
 * buffer is left out when cut is set, else -E2BIG. */
struct spawn {
	const char *path; /* found in PATH unless it holds a slash */
	char *const *argv;
	char *const *env;  /* NULL: the caller's own */
	const char *input; /* NULL: /dev/null */
	struct buf *out, *errout;
	int timeout_ms; /* 0: none */
	bool cut;
};
int spawn_program(const struct spawn *s, struct err *e);
/* Malloc'd path of a program found in PATH, or then in /usr/sbin:/sbin:/usr/bin:/bin; or
 * NULL. */
char *spawn_find(const char *name);
/* waitpid across EINTR; exit status as above, or -errno. */
int spawn_wait(pid_t pid);

#endif
