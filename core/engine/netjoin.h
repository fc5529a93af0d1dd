/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor's and the setup process's part in a container's network: hooks of
 * runtime/monitor.h, inside the inner executable. */
#ifndef ENGINE_NETJOIN_H
#define ENGINE_NETJOIN_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/engine/netplan.h"
#include "core/net/stack.h"
#include "core/runtime/setup.h"

/* Places among the descriptors that a monitor keeps. */
enum netjoin_kept {
	NETJOIN_KEPT_REALM, /* connection to the keeper */
	NETJOIN_KEPT_NETNS, /* realm_hold's two */
	NETJOIN_KEPT_TOLD,
	NETJOIN_KEPT_LOCK,  /* the container's start lock, let go by netjoin_open */
	NETJOIN_KEPT_STACK, /* connection to the stack; then listeners */
};

/* A container's place on one of its networks, as the stack wants to know it. Its names
 * are to be released. */
void netjoin_place(const struct netplan *n, const struct netplan_end *end, const char *id,
		   struct stack_attachment *ret);
int netjoin_attach(const struct setup *s, int netns_fd, struct err *e);
/* Hooks recover and revive of runtime/monitor.h. */
int netjoin_recover(const struct setup *s, int realm, const int *kept, struct err *e);
int netjoin_revive(const struct setup *s, int realm, const int *kept, size_t kept_len,
		   struct err *e);
int netjoin_open(const struct setup *s, const int *kept, size_t kept_len, struct err *e);
/* Hook ports of runtime/monitor.h. */
void netjoin_ports(const struct setup *s, int *kept, size_t kept_len);
/* Hook network_close of runtime/monitor.h. */
void netjoin_close(int *kept, size_t kept_len);
/* The store that the container belongs to. */
struct store;
int netjoin_store(const struct setup *s, struct store *ret);

#endif
