/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp.listenerPath of an OCI container: its agent. */
#ifndef ENGINE_OCIAGENT_H
#define ENGINE_OCIAGENT_H

#include "core/engine/ocibox.h"

/* *ret: a socket connected to the agent, or -1 when the profile asks for none. */
int ociagent_dial(const struct ocibox *b, int *ret, struct err *e);
/* What the agent is told of a process of it (containerProcessState of the runtime-spec),
 * malloc'd. box: a struct ocibox. */
char *ociagent_describe(void *box, pid_t pid);

#endif
