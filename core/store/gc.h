/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep: makes half-done work disappear. Runs when a lock shows that its maker is
 * dead. */
#ifndef STORE_GC_H
#define STORE_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/strv.h"
#include "core/store/store.h"

/* How many things a dead maker left, or wait in the trash: *ret_n. Cheap when there is
 * nothing: one readdir each of tmp/, layers/, containers/, volumes/, networks/. */
int gc_pending(const struct store *s, size_t *ret_n, struct err *e);
/* Inside the realm: removes the trash and abandoned temporaries (those whose lock is
 * free). Parts of downloads are kept for a week. Several may run at once. */
int gc_sweep(const struct store *s, struct err *e);
/* Blobs and layers that no tag and no container uses: moved to the trash; freed bytes in
 * *ret_bytes (may be NULL). keep_chains: chainIDs (hex) that containers hold; the layers
 * below them are kept too. The caller holds gc.lock exclusively. What a pull in progress
 * needs is kept by its lease (core/store/lease.h). */
int gc_collect(const struct store *s, const struct strv *keep_chains, uint64_t *ret_bytes,
	       struct err *e);
/* fd of gc.lock, shared (taking a lease, run's resolve-to-record window) or exclusive
 * (rmi, prune). Held for moments only, never over the network, so it waits. */
int gc_lock(const struct store *s, bool exclusive, struct err *e);

#endif
