/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a start in which the monitor hears from the setup process, from init and
 * from the client that starts the container. */
#ifndef RUNTIME_MEETING_H
#define RUNTIME_MEETING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/runtime/client.h"

struct meeting {
	struct client *client;
	int report; /* from the setup process */
	int sync;   /* to and from init */
	/* learnt */
	bool started; /* the client said so */
	bool ready;   /* the tree stands */
	pid_t init;
	int master;          /* of the terminal, or -1 */
	uint16_t rows, cols; /* from an early resize */
	int exit_code;       /* of a failure */
};

/* Until the tree stands and the client said START. */
int meeting_await(struct meeting *m, struct err *e);
/* Lets init move into the PID namespace that it shares: it is another process then. */
int meeting_move(struct meeting *m, struct err *e);
/* Lets init go; 0 when the payload runs. */
int meeting_release(struct meeting *m, struct err *e);

#endif
