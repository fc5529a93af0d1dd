/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming the payload: the last steps of init and of exec, inside the container. */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"
#include "core/runtime/listener.h"

struct process {
	const struct rt_process *p;
	const void *bpf; /* compiled seccomp filter; NULL: none */
	size_t bpf_len;
	uint64_t pids_limit; /* 0: none */
	unsigned landlock;   /* LANDLOCK_* */
	const char *keyring; /* name of a new session keyring; NULL: keep */
	bool pinned;         /* the CPUs that exec is bound to are this process's too */
	bool keep_groups;    /* the supplementary groups stay as they are */
	bool reap; /* --init: the terminal is for the session of the child to come */
	const uint32_t *personality;     /* NULL: as it is */
	unsigned preserve;               /* descriptors from 3 on that the payload gets */
	int tty;                         /* slave, or -1 */
	int stdio[3];                    /* without a tty; -1: /dev/null */
	const struct listener *listener; /* of the filter's agent; NULL: none */
};

/* Before the container's namespaces are joined, where /proc is the host's: what is kept
 * in /proc/self (OOM score, security labels for the coming exec). Inherited by fork. */
int process_label(const struct rt_process *p, struct err *e);
/* Session, terminal or stdio, keyring, limits, umask. Caller: root in the container. */
int process_begin(const struct process *x, struct err *e);
/* IDs, capabilities, working directory, no_new_privs, Landlock, in the order that each
 * allows the next; then no descriptor from 3 on is left but preserved ones and keep (n of
 * them). */
int process_confine(const struct process *x, const int *keep, size_t n, struct err *e);
/* The seccomp filter, after which only the payload's own calls can be made. */
int process_seal(const struct process *x, struct err *e);
/* Is there something to execute? 0, or the exit code to report, in docker's sentences. */
int process_find(const struct rt_process *p, struct err *e);
/* execve with docker's sentences. Returns the exit code to report (126 or 127). */
int process_exec(const struct rt_process *p, struct err *e);

#endif
