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
	int sync; /* socket to the monitor: one byte says go; errors (report.h) go back;
		     its end tells that the payload runs */
	/* OCI's two steps, create and start */
	int gate; /* listening (gate.h): REPORT_READY goes back by sync, and the payload
		     runs when the gate is opened; -1: it runs at once */
	bool chroot; /* the new root lies over the old one instead of in its place */
	const struct rt_hook *hooks; /* startContainer */
	size_t hooks_len;
	const char *hook_state; /* what they read */
};

/* Never returns. */
void init_run(struct init *i) __attribute__((noreturn));

#endif
