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
};

/* Never returns. */
void init_run(struct init *i) __attribute__((noreturn));

#endif
