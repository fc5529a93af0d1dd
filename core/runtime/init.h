/* SPDX-License-Identifier: Apache-2.0 */
/* The first process of a container, from its making to the payload. */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

#include <stdbool.h>

#include "core/runtime/process.h"

struct init {
	struct process process;
	const char *hostname, *domainname; /* NULL: as it is */
	bool own_mounts; /* the user namespace is another than the mounts' owner: take a
			    copy in which they are locked */
	int tty_socket;  /* the terminal's slave comes by this before go; -1: none */
	/* Another container's PID namespace, or -1. The first process is outside of it
	 * while it is being equipped from outside, for those inside could take hold of
	 * it; then, at a first byte, it is followed by one that is born there
	 * (REPORT_INIT: its PID), which waits for a byte of its own. */
	int pid_ns;
	int sync; /* socket to the monitor: one byte says go; errors (report.h) go back;
		     its end tells that the payload runs */
	/* OCI's two steps, create and start */
	int gate;   /* listening (gate.h): REPORT_READY goes back by sync, and the payload
		       runs when the gate is opened; -1: it runs at once */
	int record; /* of state_prepare: without that state it ends with its creator,
		       which is the end of sync */
	const char *propagation; /* of the root in a copy of the mounts; NULL: as it is */
	bool chroot; /* the new root lies over the old one instead of in its place */
	const struct rt_hook *hooks; /* startContainer */
	size_t hooks_len;
	const char *hook_state; /* what they read */
};

/* Never returns. */
void init_run(struct init *i) __attribute__((noreturn));

#endif
