/* SPDX-License-Identifier: Apache-2.0 */
/* A container's control group: NAME.scope, and in it "container" with the limits and the
 * container's processes. With systemd a transient scope of the user's own manager,
 * delegated; else a folder in a part of the tree that was given to the user. */
#ifndef RUNTIME_SCOPE_H
#define RUNTIME_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/base/strv.h"

/* NAME of the container id. */
#define SCOPE_NAME "rootless-%s"

enum scope_driver { SCOPE_NONE, SCOPE_SYSTEMD, SCOPE_SUBTREE };

/* Who would make a group here. Asks no one: looks at the file system alone. */
enum scope_driver scope_driver(void);
/* Can limits of that controller ("memory") be set here? why (may be NULL): the cause when
 * not, static. */
bool scope_available(const char *controller, const char **why);

struct scope_want {
	const char *name;          /* of the scope */
	const char *slice;         /* of systemd; NULL or "": its own choice */
	const struct strv *limits; /* "memory.max=1048576", … */
	/* A process that outlives the container: with systemd it is kept in the scope, in
	 * a group beside the container's, so that the scope and its counts are there when
	 * the container's last process has gone. 0: none. */
	pid_t guard;
};

/* Moves the calling process, and so what it will fork, into a new group. A caller that
 * is in the scope already (forked by its guard) makes a new group in that. */
int scope_enter(const struct scope_want *w, struct err *e);
/* Moves the calling process to where the process init is, when that is in a scope of
 * ours (a name as SCOPE_NAME); 0 also when not. */
int scope_join(pid_t init, struct err *e);
/* The group of a container by a process of it: its "container" folder, as an O_PATH
 * descriptor; -ENOENT: it runs without one. */
int scope_open(pid_t init, const char *name);
/* Sets limits of that group while it is in use: all of them, or none. */
int scope_change(int group, const struct strv *limits, struct err *e);
/* Removes the group, once the container's last process has gone; without systemd, the
 * scope with it. */
void scope_remove(int group);

#endif
