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

/* Locked by who stops a container to start it again. */
#define CONTAINER_END_RESTART "restart.lock"

/* The lock of whoever starts, settles, renames or removes a container: flock on its
 * folder (it needs no file, also on a full disk). */
int container_end_lock(int dirfd, const char *name, struct err *e);
/* The event, with the record's attributes. */
void container_end_tell(const struct store *s, const char *id, const char *action);
/* And some, or one, of its own, "key=value". */
void container_end_tell_all(const struct store *s, const char *id, const char *action,
			    const struct strv *more);
void container_end_tell_more(const struct store *s, const char *id, const char *action,
			     const char *attribute);
/* The event of a run's end. */
void container_end_died(const struct store *s, const char *id, int exit_code);
/* Leases given back, the event told (but for an exit_code of CONTAINER_END_TOLD), an
 * auto-remove container removed; *ret_trash: its tree's malloc'd name in tmp/, still to
 * be emptied, or NULL. */
#define CONTAINER_END_TOLD (-1)
void container_end_run(const struct store *s, const char *id, int dirfd, int exit_code,
		       char **ret_trash);
/* state_read, but one that was never started has a created state, and what a power cut
 * made of state.json is one that was killed. */
int container_end_read_state(int dirfd, struct state *ret, struct err *e);
/* Waits while a monitor is there but the container neither runs nor waits for its
 * restart: it is being started, or its end is being written down. *st is what came of it.
 * -EBUSY when that takes too long. The caller holds the container's lock. */
int container_end_await_change(int dirfd, struct state *st, struct err *e);
/* Is it gone? */
bool container_end_removed(const struct store *s, const char *id);
/* Makes a container that does not run cease to exist, by one rename; its tree is then in
 * the trash (*ret_trash, malloc'd). volumes: its anonymous ones too. Needs no space on
 * disk. */
int container_end_remove(const struct store *s, const char *id, bool volumes,
			 char **ret_trash, struct err *e);
/* Removes such a tree from tmp/, with the realm's power where needed. What cannot be
 * removed now is left to the next sweep. */
void container_end_empty(const struct store *s, const char *trash);
/* Addresses that the run had. */
void container_end_leases(const struct store *s, const char *id, int dirfd);
/* The runtime folder of its sockets (run/c/…): opened, and made when make; fd or -errno.
 */
int container_end_socket_dir(const struct store *s, const char *id, bool make);

#endif
