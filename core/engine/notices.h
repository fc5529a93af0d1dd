/* SPDX-License-Identifier: Apache-2.0 */
/* The licences of the libraries inside, as their authors ask for them to go along. */
#ifndef ENGINE_NOTICES_H
#define ENGINE_NOTICES_H

#include "core/base/buf.h"
#include "core/base/err.h"

/* Appends them. -ENOENT: this build carries none. */
int notices_text(struct buf *out, struct err *e);

#endif
