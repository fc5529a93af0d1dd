/* SPDX-License-Identifier: Apache-2.0 */
/* The inner executable as a sealed memfd (memfd_create(2), F_ADD_SEALS): what keeper,
 * monitor, init, exec and stack run from. */
#ifndef ENGINE_SEALED_H
#define ENGINE_SEALED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

/* A new sealed descriptor, close-on-exec. Inside the inner executable itself: its own
 * /proc/self/exe, opened read-only. */
int sealed_open(struct err *e);
/* The main executable tells where the bytes are, once, before any applet runs. */
void sealed_set(const void *p, unsigned long n);
/* Does fd hold the very inner executable that this program carries? (its size and its
 * first page, in which the linker's build ID lies) */
bool sealed_same(int fd);

struct sealed_process {
	int exe_fd;
	const char *const *argv; /* NULL-terminated */
	const int *fds;          /* become 3, 4, … of the process */
	size_t fds_len;
};
/* Starts it apart from the caller: a session of its own, nobody's child, standard
 * descriptors on /dev/null, signals as new, folder "/", nothing but fds inherited. */
int sealed_start(const struct sealed_process *p, struct err *e);

#endif
