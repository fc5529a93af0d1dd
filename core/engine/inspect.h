/* SPDX-License-Identifier: Apache-2.0 */
/* docker inspect's object of a container, and the rows of ps. */
#ifndef ENGINE_INSPECT_H
#define ENGINE_INSPECT_H

#include "core/engine/container.h"

/* size: with SizeRw and SizeRootFs. */
yyjson_mut_val *inspect_container(const struct store *s, const struct container *c,
				  bool size, yyjson_mut_doc *doc, struct err *e);
/* The row of `docker ps` (string values: ID Image Command CreatedAt RunningFor Status
 * State Ports Names Labels Mounts Networks Size LocalVolumes). no_trunc as the flag. */
yyjson_mut_val *inspect_row(const struct store *s, const struct container *c,
			    bool no_trunc, bool size, yyjson_mut_doc *doc, struct err *e);
/* "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp" */
int inspect_ports(const struct container *c, struct buf *out);
/* "Up 5 minutes", "Exited (0) 3 seconds ago", "Created" */
int inspect_status(const struct container *c, struct buf *out);

#endif
