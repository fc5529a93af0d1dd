/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run, and of a container: what the monitor does when the payload has
 * exited, and any command for a monitor that was killed. Part of the inner executable:
 * nothing of images here. */
#ifndef ENGINE_CONTAINER_END_H
#define ENGINE_CONTAINER_END_H

#include <stdbool.h>

#include "core/runtime/state.h"
#include "core/store/store.h"
#include "core/wire/json.h"

/* Held by whoever starts, settles, renames or removes a container. */
#define CONTAINER_LOCK "start.lock"

/* Takes that lock: fd, or -ENOENT "No such container" when it was removed meanwhile. */
int container_end_lock(int dirfd, const char *name, struct err *e);
/* The event, with the record's attributes. */
void container_end_tell(const struct store *s, const char *id, const char *action);
/* Leases given back, the event told, an auto-remove container removed; *ret_trash: its
 * tree's malloc'd name in tmp/, still to be emptied, or NULL. */
void container_end_run(const struct store *s, const char *id, int dirfd, int exit_code,
		       char **ret_trash);
/* Waits while a monitor is there but the container does not run: it is being started, or
 * its end is being written down. *st is what came of it. -EBUSY when that takes too long.
 * The caller holds CONTAINER_LOCK. */
int container_end_await_change(int dirfd, struct state *st, struct err *e);
/* Is it gone? */
bool container_end_removed(const struct store *s, const char *id);
/* Removes everything of a container that does not run: first its record by one rename,
 * then its tree, with the realm's power where needed; what a crash leaves of the tree is
 * in the trash. volumes: its anonymous ones too. Needs no space on disk. */
int container_end_remove(const struct store *s, const char *id, bool volumes,
			 struct err *e);
/* Addresses that the run had. */
void container_end_leases(const struct store *s, const char *id, int dirfd);
/* The runtime folder of its sockets (run/c/…): opened, and made when make; fd or -errno.
 */
int container_end_socket_dir(const struct store *s, const char *id, bool make);

#endif
