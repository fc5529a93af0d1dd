/* SPDX-License-Identifier: Apache-2.0 */
/* A mount namespace of one's own without a user namespace of one's own. */
#ifndef RUNTIME_PARTING_H
#define RUNTIME_PARTING_H

#include "core/base/err.h"

/* Makes a copy of the caller's mounts that takes from them but gives nothing back. With
 * propagation "shared" or "rshared" it gives as well, except from the mount that holds
 * the folder root. */
int parting_mounts(const char *root, const char *propagation, struct err *e);

#endif
