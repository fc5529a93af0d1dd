/* SPDX-License-Identifier: Apache-2.0 */
/* The realm of this user: found or made (keeper), and held while needed.
 * A holder keeps its connection to the keeper's socket (run/keeper.sock) open for as long
 * as it needs the realm, also by passing the descriptor on; the keeper leaves a short
 * linger after the last connection has gone. A connection dies with its holder, so
 * nothing can be stale. */
#ifndef ENGINE_REALM_H
#define ENGINE_REALM_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/store/store.h"

#define REALM_ID_LEN 16

/* Beginnings of the names of files in the runtime folder that have the realm's ID behind
 * them. */
#define REALM_MARK  "net-"
#define REALM_STACK "stack-"

struct realm {
	int pidfd;    /* keeper */
	int users_fd; /* the connection that holds the realm; passed on to the monitor */
	int inner_fd; /* the sealed inner executable: the keeper's own when it is the same
			 as ours, so that all processes share its pages */
	char id[REALM_ID_LEN + 1]; /* random; the next keeper of the same realm has it too
				    */
	bool single_id;            /* only one ID mapped */
	char *why;                 /* the one clear line when single_id, else NULL */
	struct idmap uid, gid;
};

/* Joins the running keeper or starts one (sealed inner executable, out of the caller's
 * session). One that has died while containers run is waited for: their monitors bring it
 * back. */
int realm_open(const struct store *s, struct realm *ret, struct err *e);
/* Only an existing one: -ENOENT else. */
int realm_find(const struct store *s, struct realm *ret, struct err *e);
/* What keeps the realm alive without its keeper, beside users_fd. */
struct realm_hold {
	int netns;
	int told; /* a lock: the two above see that somebody will realm_recover */
};

/* For who will see the keeper's death by users_fd. Both descriptors stay of use with the
 * next keepers of the realm. */
int realm_hold(const struct store *s, const struct realm *r, struct realm_hold *ret,
	       struct err *e);
/* The same realm again, where netns is and that users_fd is a connection to, by a next
 * keeper when its own has died. Any number of holders may ask at once. -ESRCH: there is
 * no way back to it. */
int realm_recover(const struct store *s, int users_fd, int netns, struct realm *ret,
		  struct err *e);
/* Removes what dead makers left and what waits in the trash (gc_pending, gc_sweep), with
 * the realm's power. Cheap when there is nothing. */
int realm_sweep(const struct store *s, struct err *e);
void realm_done(struct realm *r);

#endif
