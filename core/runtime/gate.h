/* SPDX-License-Identifier: Apache-2.0 */
/* The gate between the two steps of an OCI start: the container's first process, ready
 * but for exec, listens in the container's folder until `start` comes by. No process of
 * ours waits beside it. */
#ifndef RUNTIME_GATE_H
#define RUNTIME_GATE_H

#include "core/base/err.h"

/* Makes the gate in that folder; a listening socket, for init. */
int gate_make(int dirfd, struct err *e);
/* In init: waits until somebody opens it; the connection, on which errors are reported
 * (report.h) and whose end says that the payload runs. -errno. */
int gate_await(int listener);
/* Opens it: 0 when the payload runs. -ECONNREFUSED or -ENOENT: nobody waits (any more).
 */
int gate_open(int dirfd, struct err *e);
/* Waits until nobody has it any more, at most so many milliseconds: -EBUSY then. 0 also
 * where there is none. Not while anybody may be at gate_await. */
int gate_await_end(int dirfd, int timeout_ms);

#endif
