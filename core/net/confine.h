/* SPDX-License-Identifier: Apache-2.0 */
/* How the stack and its porter give up what they do not need: seccomp allow-lists, and
 * Landlock where the kernel has it. */
#ifndef NET_CONFINE_H
#define NET_CONFINE_H

#include "core/base/err.h"

/* After this: no file, no exec, no new process, no namespace; sockets of AF_INET and
 * AF_INET6 only. */
int confine_stack(struct err *e);
/* After this: files to read only; sockets of AF_INET, AF_INET6 and AF_PACKET. */
int confine_porter(struct err *e);

/* After this: no file, no exec, no namespace; a child of its own, and what is open. */
int confine_patchbay(struct err *e);

#endif
