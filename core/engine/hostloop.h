/* SPDX-License-Identifier: Apache-2.0 */
/* --host-loopback: which ports of the host's loopback a container reaches. */
#ifndef ENGINE_HOSTLOOP_H
#define ENGINE_HOSTLOOP_H

#include "core/net/stack.h"

/* "" (all) or "PORT[,PORT…]" into the place's portal; -EINVAL leaves it closed. NULL: it
 * stays closed. */
int hostloop_parse(const char *text, struct stack_attachment *place, struct err *e);

#endif
