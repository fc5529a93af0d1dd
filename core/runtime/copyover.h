/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's content copied into a file system that is about to be mounted over it (the
 * mount option "tmpcopyup" of runc and crun). */
#ifndef RUNTIME_COPYOVER_H
#define RUNTIME_COPYOVER_H

#include "core/base/err.h"

/* From the folder from to the empty folder to, both descriptors: owners, modes, times and
 * symbolic links kept; device nodes, sockets and pipes are left out. */
int copyover_fill(int from, int to, struct err *e);

#endif
