/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a process of the inner executable, out of the caller's session. */
#ifndef RUNTIME_LAUNCH_H
#define RUNTIME_LAUNCH_H

#include <stddef.h>

#include "core/base/err.h"

#define LAUNCH_FDS_MAX 1040
/* Where the i-th descriptor is in the new process. */
#define LAUNCH_FD(i) (3 + (i))

/* Runs argv from the executable open at inner_fd, with /dev/null as 0, 1, 2 and fds from
 * 3 on, nothing else; a fresh session; only the variables of the environment that say
 * where our folders are. PID or -errno. */
int launch(int inner_fd, char *const argv[], const int *fds, size_t n, struct err *e);
/* The same for one that writes a byte to the third of them, which is set here, once it
 * serves: then it does. */
int launch_serving(int inner_fd, char *const argv[], int *fds, size_t n, struct err *e);

#endif
