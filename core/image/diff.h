/* SPDX-License-Identifier: Apache-2.0 */
/* What the upper folder of an overlay (userxattr form) changed, as an OCI layer:
 * whiteouts as .wh.NAME, opaque folders with .wh..wh..opq, user.* attributes and file
 * capabilities, hard links; owners as the calling process sees them, so call it with the
 * realm's power (userns_call). */
#ifndef IMAGE_DIFF_H
#define IMAGE_DIFF_H

#include "core/base/strv.h"
#include "core/wire/tar.h"

/* Writes the whole tar; the number of entries goes to *ret_entries (an upper folder that
 * changed nothing has none). skip: paths from the root ("etc/hosts") that are left out
 * with all below them; NULL: none. The same folder gives the same bytes; a file that
 * changes while it is read is cut or filled with zeros to the size it had. Sockets are
 * left out. */
int diff_write(int upper, const struct strv *skip, tar_write_fn *write, void *arg,
	       uint64_t *ret_entries, struct err *e);

#endif
