/* SPDX-License-Identifier: Apache-2.0 */
/* What `state`, `list` and `ps` of the OCI runtime print, appended to out. */
#ifndef ENGINE_OCILIST_H
#define ENGINE_OCILIST_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/engine/ocibox.h"

int ocilist_state(const struct ocibox *b, struct buf *out, struct err *e);

enum ocilist_form { OCILIST_TABLE, OCILIST_JSON, OCILIST_IDS };
int ocilist_all(int root, enum ocilist_form form, struct buf *out, struct err *e);

/* JSON: the PIDs; else the lines of ps(1), run with args (NULL-terminated; none: -ef), of
 * those PIDs. */
int ocilist_processes(const struct ocibox *b, bool json, char *const *args,
		      struct buf *out, struct err *e);

#endif
