/* SPDX-License-Identifier: Apache-2.0 */
/* The realm: the user's one user namespace (full ID map) with its network namespace, held
 * open by the keeper process. */
#ifndef NS_USERNS_H
#define NS_USERNS_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"

/* Forks a process into new user and network namespaces with the given maps; it then runs
 * main(arg) there as root of the namespace and _exits with its result.
 * Returns its pidfd; *ret_pid its PID. Errors name the cause and the fix
 * (max_user_namespaces, AppArmor restriction, newuidmap missing setuid). */
int userns_spawn(const struct idmap *uid, const struct idmap *gid, int (*main)(void *),
		 void *arg, pid_t *ret_pid, struct err *e);
/* Forks a process into a network namespace that is open already and the user namespace it
 * belongs to, whoever else is in them or nobody at all; then the same. */
int userns_respawn(int netns_fd, int (*main)(void *), void *arg, pid_t *ret_pid,
		   struct err *e);
/* Moves the calling process itself into a new user namespace with these maps, as its root
 * and without supplementary groups. */
int userns_enter(const struct idmap *uid, const struct idmap *gid, struct err *e);
/* Joins the namespaces of pidfd's process: flags CLONE_NEWUSER, CLONE_NEWNET, …; then
 * becomes root there (setgroups cleared, gid 0, uid 0). Only for single-threaded
 * short-lived children. */
int userns_join(int pidfd, int flags, struct err *e);
/* The same with the caller's supplementary groups kept: IDs of the host, which the
 * namespace does not map and shows as nobody's, but which open what they opened. */
int userns_join_grouped(int pidfd, int flags, struct err *e);
/* fork + userns_join + fn(arg); waits; the child's result (>= 0) or its -errno with the
 * sentence carried over. For work that needs the realm's IDs (removing trees, chown). */
int userns_call(int pidfd, int flags, int (*fn)(void *arg, struct err *e), void *arg,
		struct err *e);

#endif
