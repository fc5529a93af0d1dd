/* SPDX-License-Identifier: Apache-2.0 */
/* The front's side of a frame socket: the user's stdin, stdout, stderr and terminal
 * pumped to and from a container until it exits or the user detaches. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"

struct session_options {
	int sock; /* frames; START or nothing still to be sent by the session when go */
	bool go;  /* send ATTACH and START first */
	bool stdin_on, stdout_on, stderr_on;
	bool tty; /* raw mode when stdin is a terminal, resizes forwarded */
	const char *detach_keys; /* NULL: ctrl-p,ctrl-q; only with tty+stdin */
	bool sig_proxy; /* SIGTERM, SIGINT, … go to the container through signal() */
	int (*signal)(void *arg, int signo);
	void *arg;
};

#define SESSION_DETACHED 256

/* The container's exit code (0..255), 125/126/127 with the cause in e when it could not
 * start, SESSION_DETACHED, or -errno. */
int session_run(const struct session_options *o, struct err *e);

#endif
