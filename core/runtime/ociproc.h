/* SPDX-License-Identifier: Apache-2.0 */
/* `create` and `exec` of the OCI runtime: a short-lived process of the inner executable
 * makes (or joins) the container's namespaces and leaves the payload behind as a child of
 * the caller, who may go then too: nothing of ours stays beside a container. */
#ifndef RUNTIME_OCIPROC_H
#define RUNTIME_OCIPROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

#define OCIPROC_PRESERVE_MAX 64

struct ociproc {
	int inner_fd;
	int dirfd; /* the container's folder */
	int stdio[3];
	unsigned preserve; /* the caller's descriptors from 3 on are the payload's too */
	/* The filter's agent: a connected socket, or -1; what it is told of the process,
	 * malloc'd */
	int agent;
	char *(*describe)(void *arg, pid_t pid);
	void *describe_arg;
	/* out */
	pid_t pid;     /* child of the caller */
	int master;    /* of its terminal, or -1 */
	int exit_code; /* of a failure: 125, 126, 127 */
};

struct ociproc_create {
	struct ociproc common;
	const char *bundle; /* absolute */
	bool no_pivot;
	int gate;          /* of gate_make */
	int record;        /* of state_prepare */
	const char *group; /* of ocigroup_plan, or NULL */
	/* prestart and createRuntime, in the caller's namespaces; NULL: there are none */
	int (*hooks)(void *arg, pid_t init, struct err *e);
	void *arg;
	/* out: when it is closed, also by the caller's end, the container goes on to the
	 * gate if its state stands (state_publish), and else ends. -1 on failure */
	int tie;
};
/* The folder holds config.json and setup.json. */
int ociproc_create(struct ociproc_create *c, struct err *e);

struct ociproc_exec {
	struct ociproc common;
	int init; /* pidfd */
	const struct rt_process *process;
	const char *seccomp; /* compiled filter, or NULL */
	const char *keyring; /* name of a new session keyring, or NULL */
	const char *group;   /* path of the container's control group, or NULL */
};
/* Afterwards it runs. */
int ociproc_exec(struct ociproc_exec *x, struct err *e);

/* Mains of the inner executable. */
int ociproc_create_main(int argc, char **argv);
int ociproc_exec_main(int argc, char **argv);

#endif
