/* SPDX-License-Identifier: Apache-2.0 */
/* docker cp and docker export: files between the host and a container, as a tar stream
 * between two processes, of which the one at the container's side is a helper in the
 * realm (core/engine/inroot.h). */
#ifndef ENGINE_COPY_H
#define ENGINE_COPY_H

#include "core/engine/container.h"

struct copy {
	const struct store *store;
	const struct container *container;
	const char *inside;  /* path in the container */
	const char *outside; /* path of the host; NULL: the stream fd */
	int fd;
	/* Owners as they are at the source (seen from the realm, where the user is root);
	 * else the user's own out here, and root's in there. */
	bool archive;
	bool follow; /* the source, when it is a link */
};

/* The sentences are docker's. *ret_bytes (of content; of the stream with fd), added. */
int copy_out(const struct copy *x, uint64_t *ret_bytes, struct err *e);
int copy_in(const struct copy *x, uint64_t *ret_bytes, struct err *e);
/* docker export: the container's whole file system without its volumes, as a tar to fd.
 */
int copy_export(const struct store *s, const struct container *c, int fd, struct err *e);

#endif
