/* SPDX-License-Identifier: Apache-2.0 */
/* docker exec: a further process in a running container, by docker's options. */
#ifndef ENGINE_EXECUTE_H
#define ENGINE_EXECUTE_H

#include "core/engine/container.h"

struct execute_spec {
	struct strv args,
		env; /* env: "K=v" (env files and host values already taken in) */
	char *user, *workdir; /* NULL: the container's */
	bool tty, open_stdin, detach, privileged;
	pid_t *ret_pid; /* of the process, in the host's PID namespace; may be NULL */
	char *ret_id;   /* 65 bytes, for docker's execID; may be NULL */
};

/* A frame socket (core/wire/frame.h), already running; streams as asked for. */
int execute_start(const struct store *s, const struct container *c,
		  const struct execute_spec *x, struct err *e);

#endif
