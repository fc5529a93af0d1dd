/* SPDX-License-Identifier: Apache-2.0 */
/* The realm of this user: found or made (keeper), and held while needed.
 * A holder has a shared flock on run/realm.users for as long as it needs the realm; the
 * keeper leaves when it gets that lock exclusively (a short linger after the last
 * holder). */
#ifndef ENGINE_REALM_H
#define ENGINE_REALM_H

#include <stdbool.h>

#include "core/base/err.h"
#include "core/ns/idmap.h"
#include "core/store/store.h"

struct realm {
	int pidfd;      /* keeper */
	int users_fd;   /* holds the shared lock; passed on to the monitor */
	bool single_id; /* only one ID mapped */
	char *why;      /* the one clear line when single_id, else NULL */
	struct idmap uid, gid;
};

/* Joins the running keeper or starts one (sealed inner executable, out of the caller's
 * session). */
int realm_open(const struct store *s, struct realm *ret, struct err *e);
/* Only an existing one: -ENOENT else. */
int realm_find(const struct store *s, struct realm *ret, struct err *e);
void realm_done(struct realm *r);
/* Main of the inner executable's "keeper". */
int realm_keeper_main(int argc, char **argv);

#endif
