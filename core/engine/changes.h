/* SPDX-License-Identifier: Apache-2.0 */
/* docker diff: what a container changed of its image. */
#ifndef ENGINE_CHANGES_H
#define ENGINE_CHANGES_H

#include "core/base/strv.h"
#include "core/engine/container.h"

/* Appends "A /path", "C /path", "D /path", by path. Places that were only made for
 * mounts do not count. */
int changes_list(const struct store *s, const struct container *c, struct strv *ret,
		 struct err *e);
/* Where things are mounted in it, without the leading slash: not part of an image made
 * of it. */
int changes_mounts(const struct container *c, struct strv *ret, struct err *e);

#endif
