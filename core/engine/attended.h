/* SPDX-License-Identifier: Apache-2.0 */
/* How a network of its own (standalone.h) is attended to: in the foreground, in the
 * background once it stands, or for as long as a command runs in it. */
#ifndef ENGINE_ATTENDED_H
#define ENGINE_ATTENDED_H

#include <sys/types.h>

#include "core/engine/standalone.h"

/* Zeroed: in the foreground. */
struct attended {
	bool background;
	const char *log_file; /* instead of standard error; NULL: none */
	const char *pid_file; /* NULL: none */
	/* Set by attended_spawn. */
	pid_t child;
	int go, report;
	int code; /* exit code for a command that could not be run; else 0 */
	/* Of the background: where to tell how the start went. */
	int told;
	int log;
};

/* Starts argv (empty: the user's shell) in a user namespace, as its root, and a network
 * namespace, both new. It waits for the network. */
int attended_spawn(struct attended *a, char *const argv[], struct nstarget *ret,
		   struct err *e);
/* Serves, as standalone_run. In the background the caller's process returns 0 once the
 * network stands, and another one lives on and returns at its end. */
int attended_run(struct attended *a, struct standalone *s, struct nstarget *t,
		 struct err *e);

#endif
