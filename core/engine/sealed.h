/* SPDX-License-Identifier: Apache-2.0 */
/* The inner executable as a sealed memfd (memfd_create(2), F_ADD_SEALS): what keeper,
 * monitor, init, exec and stack run from. */
#ifndef ENGINE_SEALED_H
#define ENGINE_SEALED_H

#include <stdbool.h>

#include "core/base/err.h"

/* A new sealed descriptor, close-on-exec. Inside the inner executable itself: its own
 * /proc/self/exe, opened read-only. */
int sealed_open(struct err *e);
/* The main executable tells where the bytes are, once, before any applet runs. */
void sealed_set(const void *p, unsigned long n);
/* Does fd hold the very inner executable that this program carries? (its size and its
 * first page, in which the linker's build ID lies) */
bool sealed_same(int fd);

#endif
