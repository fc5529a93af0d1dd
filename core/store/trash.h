/* SPDX-License-Identifier: Apache-2.0 */
/* The trash: tmp/trash-…, where things go by one rename and stop existing; removing their
 * trees may need the realm's power and comes later (gc_sweep). */
#ifndef STORE_TRASH_H
#define STORE_TRASH_H

#include <stdbool.h>

#include "core/store/store.h"

#define TRASH_PREFIX "trash-"
#define TRASH_TMP    "tmp-" /* prefix of a folder in the making */

/* Renames dirfd/name there. *ret (may be NULL): its malloc'd name inside s->tmp_fd.
 * -ENOENT when there was none. */
int trash_move(const struct store *s, int dirfd, const char *name, char **ret);
/* Opens (making it when missing) the folder dirfd/name and takes its maker's lock: fd, or
 * -EWOULDBLOCK, or -errno. *ret_made: false when another one's leftover was found. */
int trash_lock_dir(int dirfd, const char *name, bool wait, bool *ret_made);
/* Is dirfd/name still what fd refers to? */
bool trash_same(int dirfd, const char *name, int fd);
/* Is the folder (or file) dirfd/name free, that is, its maker dead? Takes no lock for
 * longer than the look. */
bool trash_is_free(int dirfd, const char *name);

#endif
