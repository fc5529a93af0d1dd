/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of an OCI container's streams: its terminal handed to whoever serves
 * it, or served here; its end awaited. */
#ifndef ENGINE_CONSOLE_H
#define ENGINE_CONSOLE_H

#include <sys/types.h>

#include "core/base/err.h"

/* Sends the master to the listener at path, as runc does. */
int console_send(const char *path, int master, struct err *e);
/* The terminal gets the size of the caller's own, when that is one. */
void console_resize(int master);
/* Until the child pid ends: passes signals on to it and, with a terminal (master >= 0),
 * moves bytes between it and stdin and stdout. The exit code, 128 + signal. */
int console_serve(pid_t pid, int master, struct err *e);

#endif
