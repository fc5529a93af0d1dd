/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCI container uses, as `events` of runc words it. */
#ifndef ENGINE_OCISTATS_H
#define ENGINE_OCISTATS_H

#include "core/engine/ocibox.h"

/* One line, {"type":"stats",…}: by its control group, or added up over its processes. */
int ocistats_print(const struct ocibox *b, struct buf *out, struct err *e);

#endif
