/* SPDX-License-Identifier: Apache-2.0 */
/* Many blobs at once: the work of registry_blobs (registry.h). */
#ifndef IMAGE_TRANSFER_H
#define IMAGE_TRANSFER_H

#include "core/image/channel.h"
#include "core/image/origin.h"

#define TRANSFER_PARALLEL 6

struct transfer_from {
	struct channel *channel;
	struct origin *origins;
	size_t origins_len;
	size_t first;           /* the origin that served the manifest */
	const char *repository; /* "library/nginx" */
	const char *scope;
};

int transfer_run(const struct transfer_from *from, struct registry_fetch *f, size_t n,
		 const struct registry_events *ev, struct err *e);

#endif
