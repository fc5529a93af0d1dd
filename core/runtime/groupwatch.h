/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's eye on the control group of its container: processes that the kernel killed
 * for want of memory, and the group's end. */
#ifndef RUNTIME_GROUPWATCH_H
#define RUNTIME_GROUPWATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct groupwatch {
	int group, events; /* -1: the container has none, or none that counts memory */
	uint64_t kills;    /* seen so far */
};

/* A run begins: init is there and not yet the payload. */
void groupwatch_begin(struct groupwatch *g, pid_t init, const char *id);
/* Have there been kills since the last look? events is polled for POLLPRI, which comes
 * again until one has looked. */
bool groupwatch_look(struct groupwatch *g);
/* The run has ended, and all of its processes: the group is removed. */
void groupwatch_end(struct groupwatch *g);

#endif
