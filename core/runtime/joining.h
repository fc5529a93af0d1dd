/* SPDX-License-Identifier: Apache-2.0 */
/* The go-between of exec: joins a container's namespaces and leaves the new process
 * behind as a child of its own parent, the exec monitor. */
#ifndef RUNTIME_JOINING_H
#define RUNTIME_JOINING_H

#include "core/base/err.h"
#include "core/runtime/process.h"

struct joining {
	int init;   /* pidfd */
	int flags;  /* from joining_flags */
	int report; /* to the monitor (report.h); its end: all is told */
	int sync;   /* the process's, as init's: a byte says go, errors, the end */
	int stdio[3];
	const char *group; /* path of the control group to enter; NULL: init's, if ours */
	struct process process;
};

/* Which namespaces of the process are others than ours: CLONE_NEW* bits in *ret. */
int joining_flags(pid_t pid, int *ret, struct err *e);
/* In a forked child, which then exits. */
int joining_run(struct joining *j, struct err *e);

#endif
