/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp.listenerPath: an agent outside of the container answers for the kernel.
 * The starter connects to it and hands the connection to the new process with the word to
 * go on; that one sends the listening descriptor, which it alone has, by itself. */
#ifndef RUNTIME_LISTENER_H
#define RUNTIME_LISTENER_H

#include "core/base/err.h"

#define LISTENER_TEXT_MAX 65536

struct listener {
	int agent;  /* connected socket, or -1: there is none */
	char *text; /* what it is told (runtime-spec, containerProcessState) */
};

void listener_done(struct listener *l);
/* The starter's side: the word, and l with it (NULL: nothing). 0 or -errno. */
int listener_go(int sync, const struct listener *l);
/* The new process's: 1, 0 when the start was given up, -errno. */
int listener_await(int sync, struct listener *ret);
/* Behind the filter: sendmsg(2) must be allowed there. */
int listener_send(const struct listener *l, int fd, struct err *e);

#endif
