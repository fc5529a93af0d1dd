/* SPDX-License-Identifier: Apache-2.0 */
/* docker system df: what lies on disk, and how much of it nobody uses. */
#ifndef ENGINE_DISKUSAGE_H
#define ENGINE_DISKUSAGE_H

#include "core/engine/container.h"
#include "core/engine/image.h"
#include "core/engine/volume.h"

struct diskusage_sum {
	size_t total, active;
	uint64_t size, reclaimable;
};

struct diskusage {
	struct diskusage_sum images, containers, volumes, cache;
	/* the same one by one, sizes beside them */
	struct image *image;
	uint64_t *shared; /* of each image: bytes of layers that others have, too */
	size_t *holders;  /* of each image: containers */
	struct container *container;
	uint64_t *written;
	struct volume *volume;
	uint64_t *content;
	size_t *links;     /* of each volume: containers */
	struct strv layer; /* chainIDs, hex, of what builds remember */
	uint64_t *layer_size;
	int64_t *layer_made; /* ns */
};

int diskusage_take(const struct store *s, struct diskusage *ret, struct err *e);
void diskusage_done(struct diskusage *u);

#endif
