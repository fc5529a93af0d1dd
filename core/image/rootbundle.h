/* SPDX-License-Identifier: Apache-2.0 */
/* Mozilla's roots inside the executable, for machines that have none. */
#ifndef IMAGE_ROOTBUNDLE_H
#define IMAGE_ROOTBUNDLE_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/err.h"

/* Appends them as PEM. -ENOENT when this build carries none. */
int rootbundle_pem(struct buf *out, struct err *e);
bool rootbundle_has(void);

#endif
