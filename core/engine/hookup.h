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
	int inner;  /* the inner executable, which the stack runs from */
	int log_fd; /* where the stack's log goes, the caller's to set; -1: nowhere */
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
 * outward one. Their host_port becomes the one chosen. id: what the stack knows them by.
 * guest: another address inside than the plan's, or NULL. */
int hookup_add(const struct hookup *h, const char *id, struct publish *p, size_t n,
	       const struct ip_addr *guest, struct err *e);
/* The same for listeners that are open already, and stay the caller's. */
int hookup_hand(const struct hookup *h, const char *id, const struct stack_published *p,
		size_t n, const struct ip_addr *guest, struct err *e);
/* One port more for those that are served by id: its listener is opened as hookup_add
 * does. */
int hookup_publish(const struct hookup *h, const char *id, const struct publish *p,
		   struct err *e);
/* Closes one of the ports that are served by id. -ENOENT. */
int hookup_withdraw(const struct hookup *h, const char *id, const struct publish *p,
		    struct err *e);
/* Ends the stack. */
void hookup_done(struct hookup *h);

#endif
