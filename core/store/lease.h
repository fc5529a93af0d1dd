/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: what a pull in progress needs, so that gc_collect keeps it. A lease is a file
 * tmp/lease-…, locked by its holder; it ends with the holder. No lock is held over the
 * network. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include <stddef.h>

#include "core/base/strv.h"
#include "core/store/store.h"
#include "core/wire/digest.h"

/* Blobs and chainIDs alike. fd that holds the lease, or -errno. After it, presence that
 * was checked stays true. */
int lease_take(const struct store *s, const struct digest *d, size_t n, struct err *e);
/* Ends it and removes the file. */
void lease_drop(const struct store *s, int fd);
/* Hex digests of all live leases, appended. */
int lease_list(const struct store *s, struct strv *ret, struct err *e);

#endif
