/* SPDX-License-Identifier: Apache-2.0 */
/* The pump: moves a container's bytes between its streams, its log and attach clients. It
 * is the part of a monitor that touches bytes of strangers, so it is a process of its own
 * with a seccomp allow-list and no file in reach but the log's folder. */
#ifndef RUNTIME_PUMP_H
#define RUNTIME_PUMP_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/runtime/client.h"
#include "core/runtime/logger.h"

struct pump {
	int in;     /* write end of stdin, or -1; the master (a dup) with a terminal */
	int out[2]; /* stdout and stderr, or the master and -1 */
	bool terminal;
	bool stdin_once;
	int listener;         /* attach.sock, or -1 */
	struct client *first; /* taken; NULL: none */
	struct logger *log;   /* NULL: none */
	int process;          /* pidfd of the payload: killed when the supervisor dies */
	int supervisor;       /* its socket (order.h) */
	bool ahead; /* the payload is still being made: process, first and the master
		     * come by ORDER_GUARD and ORDER_BEGIN */
};

/* Confines the calling process and serves until told to end. Never returns. */
void pump_run(struct pump *p) __attribute__((noreturn));

#endif
