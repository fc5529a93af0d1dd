/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace that is not ours and is to get a network: found by a process or a
 * path, with the user namespace that has power over it. */
#ifndef ENGINE_NSTARGET_H
#define ENGINE_NSTARGET_H

#include "core/base/err.h"

struct nstarget {
	int user_fd; /* -1: our own user namespace is the one */
	int net_fd;
};

/* user: path of the user namespace to act from, or NULL: the network namespace's owner.
 * Nothing is joined yet. */
int nstarget_open(const char *net, const char *user, struct nstarget *ret, struct err *e);
/* "/proc/PID/ns/net" of a decimal PID, malloc'd. -EINVAL: no PID. */
int nstarget_of_pid(const char *pid, char **ret_net, struct err *e);
/* The calling process joins the user namespace; for a child of its own. */
int nstarget_enter(const struct nstarget *t, struct err *e);
/* Makes a socket inside by fn(arg), in a child: the descriptor fn returned, or -errno. */
int nstarget_socket(const struct nstarget *t, int (*fn)(void *arg), void *arg);
void nstarget_done(struct nstarget *t);

#endif
