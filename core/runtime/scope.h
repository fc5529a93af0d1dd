/* SPDX-License-Identifier: Apache-2.0 */
/* A container's control group on a host with systemd: a transient scope of the user's own
 * manager, delegated, in which limits are written (org.freedesktop.systemd1(5)). */
#ifndef RUNTIME_SCOPE_H
#define RUNTIME_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/strv.h"

/* Can limits of that controller ("memory") be set here? why (may be NULL): the cause when
 * not, static. Asks no one: looks at the file system alone. */
bool scope_available(const char *controller, const char **why);
/* Moves the calling process, and so what it will fork, into a scope for the container id,
 * with limits as "memory.max=1048576". slice: NULL or a unit's name. */
int scope_enter(const char *id, const char *slice, const struct strv *limits,
		struct err *e);
/* Moves the calling process into the scope that the process init is in; 0 also when that
 * is in none. */
int scope_join(pid_t init, struct err *e);

#endif
