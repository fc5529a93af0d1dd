/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's manager of the user's own units, asked over D-Bus
 * (org.freedesktop.systemd1(5)): it may move a process out of a login session's group,
 * which is root's. */
#ifndef RUNTIME_USERMANAGER_H
#define RUNTIME_USERMANAGER_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

struct usermanager_scope {
	const char *unit;  /* "NAME.scope" */
	const char *slice; /* NULL: the manager's own choice */
	pid_t guard;       /* taken along with the caller; 0: none */
};

/* The manager's own group, with the controllers that it has from root: an O_PATH
 * descriptor; -errno when there is no manager to talk to. Asks no one. */
int usermanager_open(void);
/* Starts a transient, delegated scope that the calling process is then in; path of its
 * group. One of that name that is about to go is waited for. */
int usermanager_enter(const struct usermanager_scope *s, char *ret, size_t size,
		      struct err *e);
/* Moves the calling process into a group below a scope ("/x/y"). */
int usermanager_attach(const char *unit, const char *below, struct err *e);

#endif
