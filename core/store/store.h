/* SPDX-License-Identifier: Apache-2.0 */
/* The store: $XDG_DATA_HOME/rootless (0700) and $XDG_RUNTIME_DIR/rootless, opened and
 * checked. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>

#include "core/base/err.h"

/* Folders are opened O_DIRECTORY; all close-on-exec. Zero-initialise with -1 by
 * store_open. */
struct store {
	char *data;  /* absolute path of the data folder */
	char *run;   /* absolute path of the runtime folder */
	int data_fd; /* oci/ layers/ containers/ volumes/ networks/ journal/ cache/ tmp/
			inside */
	int run_fd;
	int oci_fd, layers_fd, containers_fd, tmp_fd, cache_fd;
	char *run_why; /* NULL, or a sentence: why the runtime folder is not the usual one
			*/
};

/* Finds (ROOTLESS_DATA, XDG_DATA_HOME, ~/.local/share; XDG_RUNTIME_DIR, /run/user/UID,
 * then data/run), makes what is missing, checks owner and mode (a folder of another
 * user's, or one that others may write, is refused; a data folder others may enter is put
 * right to 0700). What a dead maker left is found by gc_pending and removed by gc_sweep
 * inside the realm: the engine's to call, the store knows no namespaces. */
int store_open(struct store *ret, struct err *e);
/* Keeps a little room aside, unless it is there (data/reserve). store_open does; call it
 * again when space was freed. Best effort. */
void store_keep_reserve(const struct store *s);
/* Gives back the room kept for a full disk: true when there was some, so that what
 * removes things may try once more. */
bool store_spend_reserve(const struct store *s);
void store_done(struct store *s);
/* The runtime folder alone, for what has no use for the rest: a descriptor. */
int store_open_run(struct err *e);

#endif
