/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's watchman: when the container's health is to be looked at. Each look is a
 * short-lived child, so that the monitor stays small. */
#ifndef RUNTIME_WATCHMAN_H
#define RUNTIME_WATCHMAN_H

#include "core/runtime/monitoring.h"

/* A run has begun, by m->setup. */
void watchman_begin(struct monitoring *m);
/* Starts a look when it is time. */
void watchman_look(struct monitoring *m);
/* A child has ended: true when it was the look. */
bool watchman_heard(struct monitoring *m, pid_t pid, int status);
/* The run has ended. */
void watchman_end(struct monitoring *m);

#endif
