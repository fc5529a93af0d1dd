/* SPDX-License-Identifier: Apache-2.0 */
/* One option of a tmpfs as --tmpfs and a volume's "o" have it: "size=1m", "noexec". */
#ifndef ENGINE_TMPFSOPT_H
#define ENGINE_TMPFSOPT_H

#include "core/engine/spec.h"

/* Adds it to m; -EINVAL "invalid tmpfs option 'x'". */
int tmpfsopt_add(struct spec_mount *m, const char *o, struct err *e);

#endif
