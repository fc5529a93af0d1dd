/* SPDX-License-Identifier: Apache-2.0 */
/* --volumes-from: the binds and volumes of another container. */
#ifndef ENGINE_BORROW_H
#define ENGINE_BORROW_H

#include "core/engine/spec.h"
#include "core/store/store.h"

/* text: "CONTAINER[:ro|rw]". Appends to ret's mounts. -ENOENT "No such container: x",
 * -EINVAL for another mode. */
int borrow_mounts(const struct store *s, const char *text, struct spec *ret,
		  struct err *e);

#endif
