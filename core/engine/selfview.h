/* SPDX-License-Identifier: Apache-2.0 */
/* What a process sees of its own isolation: for the page of @welcome. */
#ifndef ENGINE_SELFVIEW_H
#define ENGINE_SELFVIEW_H

#include "core/base/strv.h"

/* Appends "label\tvalue" items, in the order to be shown. What cannot be read says so. */
void selfview_read(struct strv *ret);

#endif
