/* SPDX-License-Identifier: Apache-2.0 */
/* --init: PID 1 of a container that starts the payload as its child, passes signals on,
 * reaps orphans, and ends with the payload's code (as tini and catatonit do). */
#ifndef RUNTIME_REAPER_H
#define RUNTIME_REAPER_H

#include "core/base/err.h"
#include "core/oci/runtimeconfig.h"

/* Does not return once the payload runs; else the exit code to report. sync_fd is closed
 * here when the child has it. */
int reaper_run(const struct rt_process *p, int sync_fd, struct err *e);

#endif
