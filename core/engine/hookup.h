/* SPDX-License-Identifier: Apache-2.0 */
/* A stack of its own for one foreign network namespace: the process, and the connections
 * to it by which the namespace and each of its ports are served. */
#ifndef ENGINE_HOOKUP_H
#define ENGINE_HOOKUP_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "core/engine/annex.h"
#include "core/net/stack.h"

struct hookup {
	pid_t stack;
	struct sockaddr_un at;
	socklen_t at_len;
	struct stack_attachment place; /* router, loopback, closed: the caller's to set */
	const struct nstarget *target;
};

/* Starts the stack in the annex; it serves nobody yet. */
int hookup_open(struct hookup *h, const struct annex_plan *p, const struct annex *a,
		struct err *e);
/* Serves the namespace, for as long as the descriptor returned stays open, and with it
 * the n ports at p, whose listeners are opened here: on the host, or inside for an
 * outward one. Their host_port becomes the one chosen. guest: another address inside than
 * the plan's, or NULL. */
int hookup_add(const struct hookup *h, struct publish *p, size_t n,
	       const struct ip_addr *guest, struct err *e);
/* Ends the stack. */
void hookup_done(struct hookup *h);

#endif
