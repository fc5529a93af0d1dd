/* SPDX-License-Identifier: Apache-2.0 */
/* A further process in a running container (docker exec, OCI exec). */
#ifndef RUNTIME_EXEC_H
#define RUNTIME_EXEC_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"
#include "core/runtime/state.h"

struct exec_spawn {
	int inner_fd;
	int container_dirfd;
	const struct state *state;        /* running */
	const struct rt_process *process; /* user, env, args, caps, cwd, terminal */
	const char *seccomp;              /* BPF file or NULL */
	bool open_stdin;
	bool detach;     /* nobody will read: /dev/null all round */
	const char *tag; /* for exec_main's hook, or NULL */
};

/* Starts it under an exec monitor of its own (inner executable); returns a stream socket
 * of frames as monitor_spawn does (stdin/out/err, resize, exit), already started;
 * *ret_pid (may be NULL) the process in the host's PID namespace. Errors 126/127 come as
 * FRAME_ERROR + FRAME_EXIT. */
int exec_spawn(const struct exec_spawn *x, pid_t *ret_pid, struct err *e);
/* ended: in the exec monitor, before the client is told; may be NULL. */
typedef void exec_ended_fn(const char *tag, int exit_code);
int exec_main(int argc, char **argv, exec_ended_fn *ended);

#endif
