/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor's next run of its container, as the restart policy says. */
#ifndef RUNTIME_RERUN_H
#define RUNTIME_RERUN_H

#include "core/runtime/monitoring.h"

/* Takes in what commands have said (bidding.h). */
void rerun_listen(struct monitoring *m);
/* m->state says that it runs. */
void rerun_note_start(struct monitoring *m);
/* A run has ended: does another one follow? */
bool rerun_wanted(struct monitoring *m, int code);
/* The state between two runs is written, and told. */
void rerun_note_end(struct monitoring *m, int code);
/* Waits, and starts the next run: -1 when it runs, else the exit code of the end (the
 * user has stopped it, or it cannot be started). */
int rerun_start(struct monitoring *m);

#endif
