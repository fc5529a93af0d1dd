/* SPDX-License-Identifier: Apache-2.0 */
/* docker inspect's object of a container. */
#ifndef ENGINE_INSPECT_H
#define ENGINE_INSPECT_H

#include "core/engine/container.h"

/* size: with SizeRw and SizeRootFs. */
yyjson_mut_val *inspect_container(const struct store *s, const struct container *c,
				  bool size, yyjson_mut_doc *doc, struct err *e);
/* Bytes of the writable layer, and of that with the image's layers. */
void inspect_sizes(const struct store *s, const struct container *c, uint64_t *rw,
		   uint64_t *rootfs);

#endif
